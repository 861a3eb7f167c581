import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Workspace } from "../support/workspace.ts";
import { killEverything, started, workspaces } from "./workspace.ts";

const { create, dispose } = workspaces();
afterEach(dispose);

/** `AMP_MODULE_TEST_CYCLES=50` takes minutes; a few show the same growth. */
const CYCLES = Number(process.env["AMP_MODULE_TEST_CYCLES"] ?? 4);

/** Every file of the home with its size. */
async function files(ws: Workspace): Promise<Map<string, number>> {
  const entries = await readdir(ws.home, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path, (await stat(path)).size] as const;
    });
  return new Map(await Promise.all(sizes));
}

test(`${CYCLES} start/stop cycles leave no process, no further file, and no log beyond the kept generation`, async () => {
  const ws = await create({ variables: { ai_prompt: "Write a haiku" } });
  const cycle = async () => {
    await started(ws);
    expect((await ws.stop()).exitCode).toBe(0);
    expect(await ws.processes()).toEqual([]);
  };
  // The second one has a kept generation of every log.
  await cycle();
  await cycle();
  const before = await files(ws);
  for (let done = 2; done < CYCLES - 1; done++) await cycle();
  // A lost machine leaves nothing for good, either.
  await started(ws);
  await killEverything(ws);
  await cycle();
  const after = await files(ws);

  expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
  const grown = [...after].filter(([path, size]) => size > (before.get(path) ?? 0) + 1024);
  expect(grown).toEqual([]);
  expect((await ws.prompts()).length).toBe(1);
}, 900_000);
