import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { findAmps } from "../../src/amp/find.ts";
import { ampFiles, ampPlaces, officialPlaces } from "../../src/amp/places.ts";
import { nodeFolders } from "../../src/install/amp/node-folders.ts";
import { ampSearch, modulePaths } from "../../src/paths.ts";
import { moduleRoot } from "../support/terraform.ts";

const launcher = readFileSync(join(moduleRoot, "scripts/amp-module.sh"), "utf8");

/** The words over which a loop of the launcher goes, as a shell sees them in this environment. */
async function loopOf(variable: string, env: Record<string, string>): Promise<string[]> {
  const words = launcher.match(new RegExp(`\\n  for ${variable} in ((?:.*\\\\\\n)*.*); do\\n`))?.[1] ?? "";
  expect(words).not.toBe("");
  const { stdout } = await execa("/bin/sh", ["-c", `for word in ${words}; do printf '%s\\n' "$word"; done`], {
    env,
    extendEnv: false,
  });
  return stdout.split("\n");
}

function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), "amp-places-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

function program(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, 0o755);
  return path;
}

test.each([
  [{}],
  [{ AMP_CLI_PATH: "/named/amp" }],
  [{ NPM_CONFIG_PREFIX: "/prefix", npm_config_prefix: "/lower" }],
])("the launcher looks for Amp where src/amp/places.ts says, in its order: %j", async (more) => {
  const home = temporaryHome();
  const onPath = join(home, "on-path");
  program(join(onPath, "amp"));
  const moduleDir = join(home, ".amp-module");
  const env = { HOME: home, PATH: onPath, ...more };
  const search = ampSearch({ paths: modulePaths(moduleDir, home), env });

  // A shell has no null: what is not set is an empty word, which is no file.
  const found = (await loopOf("amp", { ...env, bin: join(moduleDir, "bin") })).filter((word) => word !== "");
  expect(found).toEqual(ampPlaces(search).filter((place) => place !== ""));
});

test.each([
  false,
  true,
])("the launcher looks for Node where src/install/amp/node-folders.ts says; folders that are named: %s", async (isNamed) => {
  const home = temporaryHome();
  const roots = {
    NVM_DIR: ".nvm",
    FNM_DIR: ".local/share/fnm",
    VOLTA_HOME: ".volta",
    ASDF_DATA_DIR: ".asdf",
    MISE_DATA_DIR: ".local/share/mise",
  };
  const env: Record<string, string> = { HOME: home };
  const at = (name: keyof typeof roots) => {
    if (isNamed) env[name] = join(home, `own ${name}`);
    return env[name] ?? join(home, roots[name]);
  };
  const wanted = [
    join(at("NVM_DIR"), "versions/node/v22.1.0/bin/node"),
    join(at("FNM_DIR"), "node-versions/v22.1.0/installation/bin/node"),
    join(home, ".fnm/node-versions/v22.1.0/installation/bin/node"),
    join(at("VOLTA_HOME"), "tools/image/node/22.1.0/bin/node"),
    join(at("ASDF_DATA_DIR"), "installs/nodejs/22.1.0/bin/node"),
    join(at("MISE_DATA_DIR"), "installs/node/22.1.0/bin/node"),
  ].map(program);

  expect(await loopOf("node", env)).toEqual(wanted);
  expect(nodeFolders(env, home).map((folder) => join(folder, "node"))).toEqual(wanted);
});

test("the launcher puts Amp where the official installer does", () => {
  const { program: target, link } = officialPlaces("$HOME");
  expect(launcher).toContain(`target=${target}\n`);
  expect(launcher).toContain(`ln -s -- "$target" "${link}"`);
});

test("only what is absolute and can be run is an Amp; a script need not be executable", () => {
  const home = temporaryHome();
  const script = program(join(home, "amp.mjs"));
  chmodSync(script, 0o644);
  const official = program(join(home, ".amp/bin/amp"));
  mkdirSync(join(home, ".npm-global/bin/amp"), { recursive: true });
  const env = { AMP_CLI_PATH: script, PATH: `relative::${dirname(official)}` };
  expect(findAmps({ env, home })).toEqual([script, official]);
  chmodSync(official, 0o644);
  expect(findAmps({ env, home })).toEqual([script]);
});

test("Amp's own files are below the XDG folders", () => {
  expect(ampFiles("/c", "/d")).toEqual({
    settings: "/c/amp/settings.json",
    plugins: "/c/amp/plugins",
    instructions: "/c/AGENTS.md",
    session: "/d/amp/session.json",
    history: "/d/amp/history.jsonl",
  });
});
