import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { accept, projectTrust } from "../../src/project-trust.ts";
import { beforeRestart } from "../../src/server/before-restart.ts";
import { type ExampleContext, exampleContext } from "../start/example.ts";

let context: ExampleContext;
afterEach(() => {
  process.exitCode = undefined;
  rmSync(context.paths.home, { recursive: true, force: true });
});

/** A project with a plugin of its own. */
function project(workspace_trust: boolean): string {
  context = exampleContext();
  const workdir = join(context.paths.home, "project");
  Object.assign(context.config, { workspace_trust, workdir });
  mkdirSync(join(workdir, ".amp/plugins"), { recursive: true });
  writeFileSync(join(workdir, ".amp/plugins/one.ts"), "export default () => {};");
  return workdir;
}

test("what nobody has accepted: the exit code that the supervisor knows, and the cause with its fix in the log", async () => {
  const workdir = project(false);
  await beforeRestart(context);
  expect(process.exitCode).toBe(3);
  expect(readFileSync(context.paths.startLog, "utf8")).toMatch(
    /ERROR .*Amp was not started: .*one\.ts \(new\)\.\n\S+ ERROR To fix it: .* trust` and /,
  );
  process.exitCode = undefined;
  accept(projectTrust(workdir, context.paths), context.paths);
  await beforeRestart(context);
  expect(process.exitCode).toBeUndefined();
});

test("where the project is trusted nothing is looked at, and nothing said", async () => {
  project(true);
  await beforeRestart(context);
  expect(process.exitCode).toBeUndefined();
  expect(existsSync(context.paths.startLog)).toBe(false);
});
