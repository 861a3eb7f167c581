import type { Command } from "commander";
import { type PrebakeOptions, prebake } from "../install/prebake.ts";
import { PREBAKED_DIR } from "../paths.ts";
import { FrontCommand } from "./front.ts";

/** Of the module's variables: the build reads them where they are declared. */
declare const VARIABLE_DEFAULTS: PrebakeOptions;

/** Each option is the variable of the same name, `--amp-version` for `amp_version`; here with what it takes. */
const VARIABLES: Record<keyof PrebakeOptions, string> = {
  amp_version: "<version>",
  install_via_npm: "",
  amp_installer_url: "<url>",
  npm_registry_url: "<url>",
  agentapi_version: "<version>",
  agentapi_download_url: "<url>",
  agentapi_sha256: "<digest>",
  managed_settings: "<json>",
};

/** `amp-module prebake`. Its options are the module's variables of the same names. */
export function prebakeCommand(): Command {
  const usual: Record<string, string | boolean> = VARIABLE_DEFAULTS;
  const command = new FrontCommand(
    "prebake",
    `in a Dockerfile: put Amp and AgentAPI into the image, in ${PREBAKED_DIR}`,
  );
  for (const [name, value] of Object.entries(VARIABLES)) {
    const flag = `--${name.replaceAll("_", "-")} ${value}`.trim();
    command.option(flag, `as the variable ${name}`, usual[name] || undefined);
  }
  return command.action(async () => {
    process.umask(0o022);
    const given = command.opts<Record<string, string | boolean>>();
    const options = Object.keys(VARIABLES).map((name) => [name, given[camelCase(name)] ?? usual[name]]);
    await prebake(Object.fromEntries(options) as PrebakeOptions, process.env);
  });
}

/** As commander names an option's value. */
function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
