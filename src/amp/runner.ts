import * as z from "zod/mini";
import { run } from "../base/run.ts";
import { ampCommand } from "./find.ts";

const TIMEOUT_MS = 30_000;

const schema = z.object({ runners: z.array(z.object({ workingDirectory: z.string() })) });

/**
 * The folders of the runners on this machine, as `amp runner list --json` names them. It asks nobody but them.
 *
 * @returns undefined if Amp does not answer
 */
export async function runnerFolders(path: string, env: NodeJS.ProcessEnv): Promise<string[] | undefined> {
  const { file, args } = ampCommand(path);
  let text = "";
  const onLine = (line: string, from: string) => {
    if (from === "stdout") text += `${line}\n`;
  };
  await run(file, [...args, "runner", "list", "--json"], { env, timeoutMs: TIMEOUT_MS, onLine });
  try {
    return schema.parse(JSON.parse(text)).runners.map(({ workingDirectory }) => workingDirectory);
  } catch {
    return undefined;
  }
}

/** Each beginning of a runner prints it, once the folder is its own. */
const TITLE = /^AMP RUNNER$/m;
const CONNECTION = /^[\d:]+ (Registered\.|Reconnected\.|Connection interrupted )/;

/**
 * What a runner has printed says: that it has begun, and whether Amp's site knows it at the moment. If so much was
 * printed since that `output` does not reach back to either, it does.
 */
export function readRunner(output: string): { hasBegun: boolean; isRegistered: boolean } {
  const runs = output.split(TITLE);
  const hasBegun = runs.length > 1;
  const lines = runs.at(-1)?.split("\n") ?? [];
  const last = lines.findLast((line) => CONNECTION.test(line));
  return { hasBegun, isRegistered: last ? !last.includes("interrupted") : !hasBegun && output !== "" };
}
