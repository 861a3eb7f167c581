import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterEach, expect, test } from "vitest";
import { findAgentApi } from "../support/agentapi.ts";
import { canMount } from "../support/can-mount.ts";
import { defaultVersion } from "../support/default-release.ts";
import { createHome, type Home } from "./home.ts";
import { tinyAgentapi, tinyAmp, wanted } from "./programs.ts";

const mayMount = await canMount();
/** A read of a pipe that nobody writes to never ends. */
const patience = { timeoutMs: 20_000 };

let home: Home | undefined;
afterEach(() => home?.dispose());

async function homeWithPipe(file: string, config = {}): Promise<{ at: Home; pipe: string }> {
  const path = { agentapi: tinyAgentapi(defaultVersion), amp: tinyAmp(wanted) };
  const at = await createHome({ path, config });
  home = at;
  const pipe = join(at.home, file);
  await mkdir(dirname(pipe), { recursive: true });
  await execa("mkfifo", [pipe]);
  return { at, pipe };
}

test.each([
  [
    ".config/amp/settings.json",
    /settings could not be written .*named pipe[\s\S]*To fix it: Put a regular file/,
  ],
  [
    ".config/AGENTS.md",
    /instruction_prompt could not be .*named pipe[\s\S]*To fix it: Make it a regular file/,
  ],
])("a named pipe in place of ~/%s fails the install at once", async (file, words) => {
  const { at } = await homeWithPipe(file, { instruction_prompt: "Be kind." });
  const result = await at.cli("install", patience);
  expect(result.exitCode, result.stderr).toBe(1);
  expect(result.stderr).toMatch(words);
});

test.each([
  ".bashrc",
  ".local/share/amp/session.json",
])("a named pipe in place of ~/%s is a warning, and the rest is done", async (file) => {
  const { at, pipe } = await homeWithPipe(file);
  await writeFile(join(at.home, ".zshrc"), "# mine\n");
  const result = await at.cli("install", patience);
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  expect(result.stdout).toContain(`${pipe} is a named pipe`);
  expect(await readFile(join(at.home, ".zshrc"), "utf8")).toContain("# amp module amp");
});

test("doctor names a pipe in place of the settings and goes on", async () => {
  const { at, pipe } = await homeWithPipe(".config/amp/settings.json");
  const { exitCode, stdout } = await at.cli("doctor", {
    ...patience,
    env: { AMP_URL: "http://127.0.0.1:9/" },
  });
  expect(exitCode).toBe(1);
  expect(stdout.replace(/\s+/g, " ")).toContain(`✗ settings file: ${pipe} is a named pipe`);
  expect(stdout).toContain("workdir:");
});

test.skipIf(!mayMount)(
  "a disk that is full once the agent is up: the file, the fix, nothing left running",
  async () => {
    const amp = tinyAmp(wanted).replace(
      "exec cat",
      'head -c 90000000 /dev/zero >"$HOME/filler" 2>&1; exec cat',
    );
    const real = (await findAgentApi()).path;
    const at = await createHome({
      path: { amp, agentapi: `#!/bin/sh\nexec '${real}' "$@"\n` },
      tmpfsKiB: 4096,
      config: { install_agentapi: false },
    });
    home = at;
    const result = await at.cli("start", { timeoutMs: 60_000 });
    expect(result.exitCode, result.stdout).toBe(1);
    expect(result.stderr).toMatch(/error: .*no space left on device.*\.amp-module\/state\/\w+/i);
    expect(result.stderr).toMatch(/error: To fix it: Free space/);
    expect(result.stderr).not.toMatch(/\n\s+at /);
    expect((await at.processes()).map(({ cmdline }) => cmdline)).toEqual([]);
  },
);
