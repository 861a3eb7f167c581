import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { endProcesses, findProcesses } from "./processes.ts";

const name = "AMP_TEST_PROCESSES";

function start(script: string, id: string): void {
  spawn("sh", ["-c", script], {
    env: { ...process.env, [name]: id },
    stdio: "ignore",
    detached: true,
  }).unref();
}

async function started(id: string, count: number): Promise<void> {
  for (let i = 0; i < 100 && (await findProcesses(name, id)).length < count; i++) await sleep(20);
}

test("finds an orphan by its environment and ends it, and no other one", async () => {
  const [id, other] = [randomUUID(), randomUUID()];
  start("(sleep 300 &) ; exit 0", id);
  start("exec sleep 300", other);
  await Promise.all([started(id, 1), started(other, 1)]);
  await endProcesses(name, id);
  expect(await findProcesses(name, id)).toEqual([]);
  expect(await findProcesses(name, other)).toMatchObject([{ cmdline: "sleep 300" }]);
  await endProcesses(name, other);
});

test("ends one that ignores SIGTERM", async () => {
  const id = randomUUID();
  start("trap '' TERM; while :; do sleep 0.1; done", id);
  await started(id, 1);
  await endProcesses(name, id, 300);
  expect(await findProcesses(name, id)).toEqual([]);
});
