import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { accept, projectTrust, refuseUntrusted } from "../src/project-trust.ts";
import { type ExampleContext, exampleContext } from "./start/example.ts";

let context: ExampleContext;
let workdir: string;
beforeEach(() => {
  context = exampleContext({ workspace_trust: false });
  workdir = join(context.paths.home, "project");
  write(".amp/settings.json", "{}");
  write(".amp/plugins/one.ts", "");
});
afterEach(() => rmSync(context.paths.home, { recursive: true }));

function write(name: string, text: string): void {
  const path = join(workdir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
const refuse = () => refuseUntrusted(context.config, context.paths, workdir);
const states = () => projectTrust(workdir, context.paths).map(({ trust }) => trust);

test("what nobody has accepted is refused by name, what was accepted is not", () => {
  expect(refuse).toThrow(`${workdir}/.amp/settings.json (new), ${workdir}/.amp/plugins/one.ts (new)`);
  accept(projectTrust(workdir, context.paths), context.paths);
  expect(states()).toEqual(["accepted", "accepted"]);
  refuse();
});

test("a file that changes or comes later is asked about again, and one that goes is not missed", () => {
  accept(projectTrust(workdir, context.paths), context.paths);
  write(".amp/plugins/one.ts", "evil()");
  write(".amp/plugins/two.ts", "");
  expect(states()).toEqual(["accepted", "changed", "new"]);
  expect(refuse).toThrow(/one\.ts \(changed\), .*two\.ts \(new\)/);
  rmSync(join(workdir, ".amp/plugins"), { recursive: true });
  refuse();
});

test("accepted is what was looked at, not what is there by then", () => {
  const seen = projectTrust(workdir, context.paths);
  write(".amp/settings.json", '{"amp.dangerouslyAllowAll":true}');
  accept(seen, context.paths);
  expect(states()).toEqual(["changed", "accepted"]);
});

test("with workspace_trust = true nothing is looked at", () => {
  refuseUntrusted({ ...context.config, workspace_trust: true }, context.paths, workdir);
  expect(existsSync(context.paths.trusted)).toBe(false);
});

test("a record that cannot be read accepts nothing", () => {
  accept(projectTrust(workdir, context.paths), context.paths);
  writeFileSync(context.paths.trusted, "{");
  expect(states()).toEqual(["new", "new"]);
});
