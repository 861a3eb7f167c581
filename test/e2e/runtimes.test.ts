import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";
import { findRuntime } from "../support/runtimes.ts";
import { createWorkspace, type Workspace, type WorkspaceOptions } from "../support/workspace.ts";

let workspace: Workspace | undefined;
afterEach(async () => workspace?.dispose());

interface Runtime {
  options: WorkspaceOptions;
  /** The executable that must have run the CLI. */
  executable: string;
}

const runtimes: Record<string, () => Promise<Runtime>> = {
  [`Node ${process.versions.node}`]: async () => ({
    options: { hidePath: ["node"] },
    executable: process.execPath,
  }),
  bun: async () => onPath(await findRuntime("bun")),
  deno: async () => onPath(await findRuntime("deno")),
  "only coreutils, gzip and Amp": async () => {
    const amp = await findRealAmp();
    if (!amp) throw new Error(`the real Amp cannot be had: ${whyNoRealAmp()}`);
    return { options: {}, executable: amp.path };
  },
};

function onPath(executable: string): Runtime {
  return { options: { path: [dirname(executable)] }, executable };
}

test.each(Object.keys(runtimes))("starts, answers and stops with %s", async (name) => {
  const runtime = await runtimes[name]?.();
  workspace = await createWorkspace({ hidePath: true, variables: { ai_prompt: "Hi" }, ...runtime?.options });
  const ws = workspace;
  let isOver = false;
  const watched = watchCli(ws, () => isOver);
  const start = await ws.start();
  isOver = true;
  expect(start, start.stderr).toMatchObject({ exitCode: 0, stdoutHeldOpen: false });
  expect(await watched).toEqual([realpathSync(runtime?.executable ?? "")]);
  expect((await ws.prompts()).map(({ text }) => text)).toEqual(["Hi"]);
  // In the terminal transport no JavaScript process of the module stays: only AgentAPI and Amp.
  expect((await ws.processes()).filter(({ cmdline }) => cmdline.includes("amp-module.br85"))).toEqual([]);
  expect((await ws.stop()).exitCode).toBe(0);
  expect(await ws.processes()).toEqual([]);
});

/** Executables that were seen running the CLI's bundle. */
async function watchCli(ws: Workspace, isOver: () => boolean): Promise<string[]> {
  const seen = new Set<string>();
  while (!isOver()) {
    for (const { cmdline, exe } of await ws.processes()) {
      // The shell's own argument is the whole script, which names the bundle too.
      if (/^\S+ (run .*)?\S*amp-module\.mjs \w+$/.test(cmdline) && exe) seen.add(exe);
    }
    await sleep(20);
  }
  return [...seen];
}
