import { afterEach, expect, test } from "vitest";
import type { AmpStandInOptions } from "../support/stand-ins.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

let workspace: Workspace | undefined;
afterEach(async () => workspace?.dispose());

const faults: [string, AmpStandInOptions, RegExp[]][] = [
  [
    "cannot reach its server",
    { offline: true, bootMs: 3000 },
    [/cannot connect/i, /Couldn't connect to the Amp/],
  ],
  ["has no key and asks for a login", { login: true }, [/amp_api_key/, /Would you like to log in/]],
  ["ends at once", { exitAfterMs: 300 }, [/ended|exited/i, /╭─.* medium ─╮/]],
];

test.each(
  faults,
)("an Amp that %s fails the script with its last screen and the cause", async (_, standIn, texts) => {
  workspace = await createWorkspace({ standIn, variables: { ai_prompt: "Hi" } });
  const result = await workspace.start();
  expect(result.exitCode).not.toBe(0);
  for (const text of texts) expect(result.stderr).toMatch(text);
  expect(await workspace.prompts()).toEqual([]);
  expect(await workspace.processes()).toEqual([]);
});

test("an unknown mode fails the script; the mode and the variable are named", async () => {
  workspace = await createWorkspace({ variables: { mode: "sloow" } });
  const result = await workspace.start();
  expect(result.exitCode).not.toBe(0);
  expect(result.stderr).toContain("sloow");
  expect(result.stderr).toMatch(/\bmode\b/);
});

test("an Amp that is slow to draw its screen still gets its prompt", async () => {
  workspace = await createWorkspace({ standIn: { bootMs: 4000 }, variables: { ai_prompt: "Hi" } });
  expect((await workspace.start()).exitCode).toBe(0);
  expect((await workspace.prompts()).map(({ text }) => text)).toEqual(["Hi"]);
});

test("a mode goes to Amp as a flag, and an older Amp without other flags starts too", async () => {
  workspace = await createWorkspace({ standIn: { help: "older" }, variables: { mode: "rush" } });
  expect((await workspace.start()).exitCode).toBe(0);
  expect(await workspace.ampCalls()).toEqual([expect.arrayContaining(["--mode", "rush"])]);
});
