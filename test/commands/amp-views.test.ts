import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFront, runFront } from "../../src/commands/front.ts";
import { mcpCommand } from "../../src/commands/mcp.ts";
import { permissionsCommand } from "../../src/commands/permissions.ts";
import { threadCommand } from "../../src/commands/thread.ts";
import { type ExampleContext, exampleContext } from "../start/example.ts";

const thread = "T-0199c0de-0000-4000-8000-000000000001";
let context: ExampleContext;
let printed: string[];

beforeEach(() => {
  context = exampleContext();
  printed = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
  vi.stubEnv("HOME", context.paths.home);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
  rmSync(context.paths.home, { recursive: true, force: true });
});

/** An Amp that answers one command, and notes where it was run. */
function amp(command: string, answer: unknown, code = 0): void {
  const path = join(context.paths.home, ".amp/bin/amp");
  mkdirSync(dirname(path), { recursive: true });
  const text = typeof answer === "string" ? answer : JSON.stringify(answer);
  const body = `case "$*" in
  --version) echo 0.0.1-gtest ;;
  --help) echo "Usage: amp" ;;
  "${command}"*) pwd >"$HOME/ran-in"; cat <<'END'
${text}
END
  exit ${code} ;;
  *) echo "no such command: $*" >&2; exit 9 ;;
esac`;
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

function type(...argv: string[]): Promise<void> {
  const commands: Command[] = [mcpCommand, permissionsCommand, threadCommand].map((make) =>
    make(() => context),
  );
  return runFront(createFront("x", commands), argv);
}

test("mcp list tells names and kinds, and nothing of what is configured", async () => {
  amp("mcp list --json", [
    { name: "db", type: "command", source: "user", spec: { env: { TOKEN: "s3cret" } } },
  ]);
  await type("mcp", "list");
  await type("mcp", "list", "--json");
  expect(printed[0]).toBe("db  command, user");
  expect(printed.join("\n")).not.toContain("s3cret");
});

test("mcp doctor: one that is not connected is the exit code 1", async () => {
  amp("mcp doctor", "db (user): connected\nweb (user): error - no such host\u001b[2J");
  await type("mcp", "doctor");
  expect(printed).toEqual(["connected  db (user)", "error      web (user): no such host"]);
  expect(process.exitCode).toBe(1);
});

test.each([
  ["allow", 0],
  ["ask", 1],
  ["reject", 2],
])("permissions test: %s is the exit code %i", async (action, code) => {
  const rule = { tool: "Bash", action, matches: { cmd: ["ls", "npm *"] } };
  amp(
    "permissions test --json Bash --cmd npm install a=b",
    { tool: "Bash", arguments: {}, action, matchedEntry: rule, source: "user" },
    code,
  );
  await type("permissions", "test", "Bash", "cmd=npm install a=b");
  expect(printed).toEqual([`${action}, by a rule (user):`, `${action.padEnd(8)} Bash cmd: ls, npm *`]);
  expect(process.exitCode).toBe(code);
});

test("a long rule of Amp's own is shown in part, and no line is wider than 80", async () => {
  const matches = { cmd: Array.from({ length: 200 }, (_, index) => `command-${index} *`) };
  amp("permissions list --json --builtin", [{ tool: "Bash", action: "allow", matches }]);
  await type("permissions", "list", "--builtin");
  expect((printed[0] ?? "").split("\n").every((line) => line.length <= 80)).toBe(true);
  expect(printed[0]).toContain("command-199");
});

test("Amp runs in the workdir, whose settings count", async () => {
  const workdir = join(context.paths.home, "project");
  mkdirSync(workdir);
  amp("permissions list --json", []);
  await type("permissions", "list");
  expect(readFileSync(join(context.paths.home, "ran-in"), "utf8").trim()).toBe(workdir);
});

test("what Amp cannot do is told with its advice, and without a stack", async () => {
  amp("nothing", "");
  await expect(type("mcp", "list")).rejects.toMatchObject({
    name: "ModuleError",
    message: expect.stringContaining("no such command"),
  });
});

test("thread: id and address, the list with a mark, and none known", async () => {
  await expect(type("thread")).rejects.toThrow(/No thread of this workspace is known/);
  writeFileSync(context.paths.thread, JSON.stringify({ threadId: thread }));
  await type("thread");
  await type("thread", "--json");
  expect(printed).toEqual([
    `${thread}\nhttps://ampcode.com/threads/${thread}`,
    JSON.stringify({ id: thread, url: `https://ampcode.com/threads/${thread}` }),
  ]);
  printed = [];
  amp("threads list --json", [
    { id: "T-other", title: "Older\u001b[31m" },
    { id: thread, title: null },
  ]);
  await type("thread", "list");
  expect(printed).toEqual(["  T-other  Older", `* ${thread}`]);
});

test("thread --markdown prints the conversation of the one that is named", async () => {
  amp(`threads markdown ${thread}`, "# Hello");
  await type("thread", `https://ampcode.com/threads/${thread}`, "--markdown");
  expect(printed).toEqual(["# Hello"]);
});

test.each([
  [["mcp"]],
  [["permissions", "nope"]],
  [["permissions", "test", "Bash", "cmd"]],
  [["thread", "nope"]],
])("%j is wrong usage", async (argv) => {
  let errors = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    errors += text;
    return true;
  });
  await type(...argv);
  expect(errors).toMatch(/^error: .* See "amp-module .* --help"\.\n$/);
  expect(process.exitCode).toBe(2);
});
