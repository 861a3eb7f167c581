import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { dismissWelcomeTour } from "../../src/amp/first-run.ts";
import { type ExampleContext, exampleContext } from "../start/example.ts";

let context: ExampleContext;
let path: string;
beforeEach(() => {
  context = exampleContext();
  path = context.paths.ampSession;
  mkdirSync(dirname(path), { recursive: true });
});
afterEach(() => rmSync(context.paths.home, { recursive: true, force: true }));

function dismiss(): string {
  const log = context.openLog(context.paths.installLog, { rotate: true });
  dismissWelcomeTour(context.paths.ampSession, context.now, log);
  log.close();
  return readFileSync(context.paths.installLog, "utf8");
}

test("in a fresh home the tour is noted as seen, in a file of its owner's", () => {
  rmSync(join(context.paths.home, ".local"), { recursive: true });
  expect(dismiss()).toMatch(/INFO {2}Welcome tour: noted as seen in .*session\.json/);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ neoWelcomeDismissed: true });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("everything else in Amp's file stays to the letter; a second run changes nothing", () => {
  const text = '{\n  "agentMode": "ultra",\n  "launchCount": 7,\n  "neoWelcomeDismissed": false\n}';
  writeFileSync(path, text);
  dismiss();
  const dismissed = text.replace("false", "true");
  expect(readFileSync(path, "utf8")).toBe(dismissed);
  const before = statSync(path, { bigint: true });
  expect(dismiss()).toBe("");
  expect(statSync(path, { bigint: true })).toMatchObject({ ino: before.ino, mtimeNs: before.mtimeNs });
});

test("a link stays a link", () => {
  const target = join(context.paths.home, "dotfiles.json");
  writeFileSync(target, '{ "launchCount": 1 }');
  symlinkSync(target, path);
  dismiss();
  expect(JSON.parse(readFileSync(target, "utf8"))).toEqual({ launchCount: 1, neoWelcomeDismissed: true });
});

test.each([
  "not json",
  '{"launchCount": 1',
  "[1]",
])("a file that Amp could not read is kept aside: %s", (text) => {
  writeFileSync(path, text);
  expect(dismiss()).toMatch(/WARN {2}Welcome tour: .* is not a JSON object.* It is kept as /);
  const [aside = ""] = readdirSync(dirname(path)).filter((name) => name.includes("unreadable"));
  expect(readFileSync(join(dirname(path), aside), "utf8")).toBe(text);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ neoWelcomeDismissed: true });
});

test("of a link to such a file the link stays, and what it points to is kept aside", () => {
  const target = join(context.paths.home, "dotfiles.json");
  writeFileSync(target, "not json");
  symlinkSync(target, path);
  dismiss();
  const [aside = ""] = readdirSync(context.paths.home).filter((name) => name.includes("unreadable"));
  expect(readFileSync(join(context.paths.home, aside), "utf8")).toBe("not json");
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
});

test("an empty file is none", () => {
  writeFileSync(path, "");
  expect(dismiss()).not.toContain("WARN");
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ neoWelcomeDismissed: true });
});

test("where it cannot be written the log says so, and the install goes on", () => {
  mkdirSync(path);
  expect(dismiss()).toMatch(/WARN {2}Welcome tour: it could not be noted as seen in .*; the start passes it/);
  expect(existsSync(path)).toBe(true);
});
