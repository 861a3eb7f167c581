import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identifyProcess } from "../../src/base/process-identity.ts";
import {
  readRunningServer,
  removeServerRecord,
  type ServerRecord,
  writeServerRecord,
} from "../../src/server/record.ts";

let folder = "";
let path = "";
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "amp-module-record-"));
  path = join(folder, "agentapi.json");
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** A live process whose command line is `words`. */
async function processNamed(...words: string[]): Promise<ServerRecord> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", ...words]);
  children.push(child);
  await new Promise((resolve) => child.once("spawn", resolve));
  const identity = identifyProcess(child.pid ?? 0);
  if (!identity) throw new Error("the process is gone");
  return { ...identity, port: 3284, configuration: "c", isReady: true };
}

test("what was written is read, and only its owner can read it", async () => {
  const record = await processNamed("/opt/agentapi", "server", "--type", "amp");
  writeServerRecord(path, record);
  expect(readRunningServer(path)).toEqual(record);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  removeServerRecord(path);
  expect(readRunningServer(path)).toBeUndefined();
  removeServerRecord(path);
});

test("a reused pid is another process: the start time tells", async () => {
  const record = await processNamed("/opt/agentapi", "server", "--");
  writeServerRecord(path, { ...record, startedAt: `${record.startedAt}0` });
  expect(readRunningServer(path)).toBeUndefined();
});

test("a process that is no AgentAPI is not ours, whatever the record says", async () => {
  for (const words of [
    ["/usr/bin/vim", "notes"],
    ["/opt/agentapi", "attach"],
    ["myagentapi", "server", "--"],
  ]) {
    writeServerRecord(path, await processNamed(...words));
    expect(readRunningServer(path), words.join(" ")).toBeUndefined();
  }
});

test("a process that has ended is not running", async () => {
  const record = await processNamed("/opt/agentapi", "server", "--");
  writeServerRecord(path, record);
  const [child] = children;
  child?.kill("SIGKILL");
  await new Promise((resolve) => child?.once("exit", resolve));
  expect(readRunningServer(path)).toBeUndefined();
});

test.each([
  "",
  "garbage",
  "null",
  "[]",
  '{"pid":1}',
  '{"pid":"1","startedAt":"x"}',
  '{"pid":-1',
  "\0\0\0",
])("a damaged record (%j) names nobody", (text) => {
  writeFileSync(path, text);
  expect(readRunningServer(path)).toBeUndefined();
});

test("a folder in its place names nobody", () => {
  mkdirSync(path);
  expect(readRunningServer(path)).toBeUndefined();
});
