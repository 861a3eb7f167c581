import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LogFollower, readTail } from "../../src/server/evidence.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "evidence-"));
  path = join(folder, "log");
  writeFileSync(path, "before\n");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const follower = () => new LogFollower(path, "before\n".length);

test("each look gives the whole lines since the last one, once, without our own", () => {
  const log = follower();
  expect(log.news()).toBe("");
  appendFileSync(path, "one\n2026-09-23T10:00:00.000Z INFO  ours\ntw");
  expect(log.news()).toBe("one\n");
  appendFileSync(path, "o\nZoë".slice(0, 4));
  expect(log.news()).toBe("two\n");
  appendFileSync(path, Buffer.from("ë\n"));
  expect(log.news()).toBe("Zoë\n");
  expect(log.news()).toBe("");
});

test("more than 64 KiB between two looks are all there: a word of the agent is not missed in the flood", () => {
  const log = follower();
  appendFileSync(path, `amp-acp: ready\n${"x".repeat(99)}\n`.repeat(2_000));
  expect(log.news().split("amp-acp: ready")).toHaveLength(2_001);
});

test("a log that was cut is followed from its new end on, and its tail can still be read", () => {
  appendFileSync(path, "x".repeat(1_000));
  const log = new LogFollower(path, 1_000);
  truncateSync(path, 0);
  expect(log.news()).toBe("");
  appendFileSync(path, "after\n");
  expect(log.news()).toBe("after\n");
  expect(readTail(path, 1_000)).toBe("");
  expect(readTail(path)).toBe("after\n");
});
