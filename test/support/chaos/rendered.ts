import type { Config } from "../../../src/config.ts";
import { payloadText, withPayload } from "../payload.ts";
import { applyModule } from "../terraform.ts";
import { testApiKey } from "../workspace.ts";

export type Transport = Config["transport"];

/** What the module renders, with a payload that can be exchanged: Terraform is asked once for hundreds of homes. */
export interface Rendered {
  config: Config;
  start(config: Config): string;
  stop: string;
  /** Scripts that the Coder agent runs beside the start script and that the start waits for. */
  beside: string[];
}

const known = new Map<string, Promise<Rendered>>();

export function render(transport: Transport, slug: string): Promise<Rendered> {
  const key = `${transport} ${slug}`;
  const result = known.get(key) ?? apply(transport, slug);
  known.set(key, result);
  return result;
}

async function apply(transport: Transport, slug: string): Promise<Rendered> {
  const variables = {
    transport,
    app_slug: slug,
    workdir: "~/project",
    amp_api_key: testApiKey,
    status_reports: "off",
  };
  const { resources } = await applyModule({ variables });
  const text = (address: string) => String(resources[address]?.values["script"] ?? "");
  const script = text("coder_script.start");
  return {
    config: JSON.parse(payloadText(script)) as Config,
    start: (config) => withPayload(script, config),
    stop: text("coder_script.stop"),
    beside: transport === "stream" ? [text('coder_script.bundle["stream_agent"]')] : [],
  };
}
