import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { InputHistory } from "../../src/amp/input-history.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "amp-module-history-"));
  path = join(folder, "history.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const line = (text: string) => `${JSON.stringify({ text, cwd: "/home/alice" })}\n`;

test("only what was submitted since counts, to the letter but for outer white space", () => {
  writeFileSync(path, line("Fix it"));
  const history = new InputHistory(path);
  expect(history.hasNew("Fix it")).toBe(false);
  appendFileSync(path, line("Another"));
  expect(history.hasNew("Fix it")).toBe(false);
  appendFileSync(path, line(" Fix it\n"));
  expect(history.hasNew("Fix it")).toBe(true);
  expect(history.hasNew("Fix")).toBe(false);
});

test("a list that appears, or that Amp has shortened, is read whole", () => {
  const before = new InputHistory(path);
  expect(before.hasNew("Fix it")).toBe(false);
  writeFileSync(path, line("Fix it") + line("x".repeat(500)));
  expect(before.hasNew("Fix it")).toBe(true);
  const later = new InputHistory(path);
  writeFileSync(path, line("Now this"));
  expect(later.hasNew("Now this")).toBe(true);
});

test("a line that is cut off or of another kind is none, nor is a folder a list", () => {
  const history = new InputHistory(path);
  writeFileSync(path, `{"text": "Fix\n"Fix it"\n[]\n${line("Fix it")}`);
  expect(history.hasNew("Fix it")).toBe(true);
  expect(new InputHistory(folder).hasNew("Fix it")).toBe(false);
});
