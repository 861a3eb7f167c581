import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { findProcesses } from "../support/processes.ts";
import { createWorkspace, testAgentToken, testApiKey, type Workspace } from "../support/workspace.ts";

let workspace: Workspace | undefined;
afterEach(async () => workspace?.dispose());

const secrets = [testApiKey, testAgentToken];

/** The script and whatever is packed inside it. */
function unpacked(script: string): string {
  const packed = script.match(/[A-Za-z0-9+/=]{40,}/g) ?? [];
  return [script, ...packed.map((text) => unpack(Buffer.from(text, "base64")))].join("\n");
}

function unpack(data: Buffer): string {
  try {
    return gunzipSync(data).toString();
  } catch {
    return data.toString();
  }
}

/** Every process's arguments, again and again until told to stop. */
async function watchArguments(isOver: () => boolean): Promise<string> {
  const seen = new Set<string>();
  while (!isOver()) {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    for (const pid of pids) seen.add(await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
    await sleep(5);
  }
  return [...seen].join("\n");
}

test("neither the API key nor the agent's token is in a script, a file, an argument or the output", async () => {
  workspace = await createWorkspace({
    variables: { ai_prompt: "Hello", log_level: "debug" },
    task: { prompt: "unused" },
    coder: true,
    ownApply: true,
  });
  const ws = workspace;
  let isOver = false;
  const watched = watchArguments(() => isOver);
  const start = await ws.start();
  expect(start.exitCode).toBe(0);
  const running = await findProcesses("AMP_TEST_WORKSPACE", ws.env["AMP_TEST_WORKSPACE"] ?? "");
  const stop = await ws.stop();
  isOver = true;

  const texts: Record<string, string> = {
    "start script": unpacked(ws.scripts.start),
    "stop script": unpacked(ws.scripts.stop),
    "output of start": start.stdout + start.stderr,
    "output of stop": stop.stdout + stop.stderr,
    "arguments of processes": await watched,
    "arguments while running": running.map(({ cmdline }) => cmdline).join("\n"),
  };
  for (const folder of [ws.moduleDir, join(ws.home, ".config")]) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) {
        const file = join(entry.parentPath, entry.name);
        texts[file] = await readFile(file, "utf8");
      }
    }
  }
  // The search itself works: both are in the environment, and the packed payload is read.
  expect(Object.values(ws.env)).toEqual(expect.arrayContaining(secrets));
  expect(texts["start script"]).toContain('"ai_prompt":"Hello"');
  expect(texts["arguments while running"]).toContain("server --type amp");
  const leaks = Object.entries(texts).filter(([, text]) => secrets.some((secret) => text.includes(secret)));
  expect(leaks.map(([name]) => name)).toEqual([]);
});
