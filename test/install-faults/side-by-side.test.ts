import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Config } from "../../src/config.ts";
import { defaultVersion } from "../support/default-release.ts";
import { createHome, type Home, leftovers } from "./home.ts";
import { tinyAgentapi, tinyAmp, wanted } from "./programs.ts";

const rounds = 20;
const slugs = ["amp", "second"] as const;
/** Enough to take a while to merge. */
const serverCount = 12;

let home: Home | undefined;
afterEach(() => home?.dispose());

const serversOf = (slug: string) => Array.from({ length: serverCount }, (_, index) => `${slug}-${index}`);

function configOf(slug: string): Partial<Config> {
  const servers = serversOf(slug).map((name) => [name, { command: "c", args: [name] }]);
  return {
    app_slug: slug,
    instruction_prompt: `Instructions of ${slug}.`,
    mcp: JSON.stringify(Object.fromEntries(servers)),
    status_reports: "off",
  };
}

/** What each of both instances is to leave in the user's files, and what the user has there. */
function expected(moduleDirs: Record<string, string>): [file: string, users: string, ours: string[]][] {
  const lines = slugs.map((slug) => `${moduleDirs[slug]?.split("/").at(-1)}/bin`);
  return [
    [".config/amp/settings.json", '{\n  // mine\n  "mine": 1\n}\n', slugs.flatMap(serversOf)],
    [".config/AGENTS.md", "# Mine\n", slugs.map((slug) => `Instructions of ${slug}.`)],
    [".profile", "# mine\n", lines],
    [".bashrc", "# mine\n", lines],
    [".config/fish/config.fish", "# mine\n", lines],
    [".local/share/amp/session.json", '{ "mine": 1 }\n', ["neoWelcomeDismissed"]],
  ];
}

test("two instances that start side by side lose nothing of each other and nothing of the user's", {
  timeout: 300_000,
}, async () => {
  const at = await createHome({
    path: { agentapi: tinyAgentapi(defaultVersion), amp: tinyAmp(wanted) },
    config: configOf("amp"),
  });
  home = at;
  const second = join(at.home, ".amp-module-second");
  await cp(at.moduleDir, second, { recursive: true });
  const config = JSON.parse(await readFile(join(second, "config.json"), "utf8"));
  await writeFile(join(second, "config.json"), JSON.stringify({ ...config, ...configOf("second") }));

  const files = expected({ amp: at.moduleDir, second });
  const lost: string[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const folder of [at.moduleDir, second]) {
      await rm(join(folder, "state/applied-settings.json"), { force: true });
    }
    for (const [file, users] of files) {
      await mkdir(dirname(join(at.home, file)), { recursive: true });
      await writeFile(join(at.home, file), users);
    }
    const results = await Promise.all(
      [at.moduleDir, second].map((folder) => at.run([join(folder, "bin/amp-module"), "install"])),
    );
    for (const result of results) expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    for (const [file, users, ours] of files) {
      const text = await readFile(join(at.home, file), "utf8");
      const missing = [/mine/i.test(users) ? "mine" : "", ...ours].filter(
        (part) => !text.toLowerCase().includes(part.toLowerCase()),
      );
      if (missing.length > 0) lost.push(`round ${round}, ${file}: ${missing.join(", ")}`);
    }
  }
  expect(lost).toEqual([]);
  expect(await leftovers(at)).toEqual([]);
  expect((await at.run(["ls", "-A", at.home])).stdout).not.toContain("lock");
});
