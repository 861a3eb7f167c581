import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Workspace } from "./workspace.ts";

/** Writes what is really in force, which no command of Amp's shows. */
const PLUGIN = `import { writeFileSync } from "node:fs";
export default async function (amp: any) {
  writeFileSync(process.env.SEEN_CONFIGURATION ?? "", JSON.stringify(await amp.configuration.get()));
}
`;

/** Settings as Amp has them in force, without "amp." in front. */
export type SeenConfiguration = Record<string, unknown> & { permissions?: unknown };

/**
 * Puts a plugin into the home that writes down the configuration of the next Amp.
 *
 * @returns what the start needs in its environment, and how to read what was seen
 */
export async function watchConfiguration(
  ws: Workspace,
): Promise<{ env: Record<string, string>; configuration: () => Promise<SeenConfiguration> }> {
  const path = join(ws.root, "configuration.json");
  await mkdir(join(ws.home, ".config/amp/plugins"), { recursive: true });
  await mkdir(join(ws.home, ".local/share/amp"), { recursive: true });
  await writeFile(join(ws.home, ".config/amp/plugins/seen.ts"), PLUGIN);
  await writeFile(join(ws.home, ".local/share/amp/session.json"), '{"neoWelcomeDismissed":true}');
  return {
    env: { SEEN_CONFIGURATION: path },
    configuration: async () => JSON.parse(await eventually(() => readFile(path, "utf8"))),
  };
}

/** What is found once it is there. @throws an Error if that takes more than 30 s */
export async function eventually(look: () => Promise<string | undefined>): Promise<string> {
  for (let waited = 0; ; waited += 200) {
    const found = await look().catch(() => undefined);
    if (found) return found;
    if (waited > 30_000) throw new Error("Amp did not write what was waited for");
    await sleep(200);
  }
}
