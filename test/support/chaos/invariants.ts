import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { notOneOfEach } from "./one-of-each.ts";
import { type Received, receivedInTheEnd } from "./received.ts";
import { filesWithSecrets } from "./secrets.ts";
import type { Site } from "./site.ts";

/** A log as a person may still read it. */
const LARGEST_LOG = 1024 * 1024;
/** Of one instance: a folder that grows with every fault would fill the disk one day. */
const MOST_FILES = 80;
const PARTIAL = /\.tmp$|\.part$|\.new$|\/\.installer-|\/(stage|npm)-[^/]+$|\/state\/lock/;

/** The log says that a prompt may be missing. */
export const SAID = /cannot be known|nothing shows that Amp has it|The prompt was not sent/;

/** AgentAPI writes it anew when there is something new to keep, and the module cannot tell it to before. */
const AGENTAPIS = /\/state\/agentapi-state\.json$/;

/**
 * What is wrong with an instance that has just been started.
 *
 * @param damaged what files hold that the campaign has damaged
 */
export async function brokenIn(
  site: Site,
  prompts: readonly string[],
  damaged: ReadonlySet<string>,
): Promise<string[]> {
  const log = await site.log("agentapi-start");
  const last = prompts.at(-1) ?? "";
  const broken = [await notOneOfEach(site)];
  for (const prompt of prompts) {
    const found = await receivedInTheEnd(site, prompt, prompt === last ? 6_000 : 0);
    broken.push(deliveredWrong(found, prompt, prompt === last, SAID.test(log)));
  }
  return [...broken, ...brokenFiles(site, damaged)].filter((each) => each !== "");
}

function deliveredWrong({ kept, threads }: Received, prompt: string, isWanted: boolean, isSaid: boolean) {
  if (kept > 1) return `"${prompt}" arrived ${kept} times, on ${threads.length} threads`;
  return kept === 0 && isWanted && !isSaid ? `"${prompt}" is lost, and nothing says so` : "";
}

function brokenFiles({ moduleDir }: Site, damaged: ReadonlySet<string>): string[] {
  const files = readdirSync(moduleDir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.parentPath.includes("/node_modules"))
    .map((entry) => join(entry.parentPath, entry.name));
  const name = (file: string) => file.slice(moduleDir.length + 1);
  const isBroken = (file: string) => {
    const text = readFileSync(file, "utf8");
    try {
      JSON.parse(text);
      return false;
    } catch {
      return !(AGENTAPIS.test(file) && damaged.has(text));
    }
  };
  return [
    ...files.filter((file) => PARTIAL.test(file)).map((file) => `${name(file)} is left behind`),
    ...files
      .filter((file) => /\.log(\.1)?$/.test(file) && statSync(file).size > LARGEST_LOG)
      .map((file) => `${name(file)} has ${statSync(file).size} bytes`),
    ...files
      .filter((file) => /\/state\/[^/]+\.json$/.test(file) && isBroken(file))
      .map((file) => `${name(file)} is no JSON`),
    ...(files.length > MOST_FILES ? [`${files.length} files`] : []),
  ];
}

/** What is wrong with a home whose instances have all been stopped. */
export async function brokenAfterStop(sites: readonly Site[]): Promise<string[]> {
  const [first] = sites as [Site];
  const deadline = performance.now() + 3_000;
  while ((await first.processes()).length > 0 && performance.now() < deadline) await sleep(50);
  const left = (await first.processes()).map(({ cmdline }) => `still there after the stop: ${cmdline}`);
  return [...left, ...filesWithSecrets(first)];
}
