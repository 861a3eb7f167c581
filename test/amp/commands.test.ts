import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { listMcpServers } from "../../src/amp/mcp.ts";
import { addMcpServer, approveMcpServer, removeMcpServer } from "../../src/amp/mcp-configure.ts";
import type { AmpOptions } from "../../src/amp/options.ts";
import { type AddedRule, addPermission } from "../../src/amp/permission-add.ts";
import { listPermissions, testPermission } from "../../src/amp/permissions.ts";
import type { AmpProbe } from "../../src/amp/probe.ts";
import {
  archiveThread,
  deleteThread,
  exportThread,
  labelThread,
  renameThread,
  searchThreads,
  shareThread,
  unarchiveThread,
} from "../../src/amp/thread-actions.ts";
import { listTools, showTool } from "../../src/amp/tool-list.ts";
import { threadUsageText, usageText } from "../../src/amp/usage.ts";
import { findRealAmp } from "../support/amp.ts";
import { realAmpProbe } from "../support/noted-amp.ts";

const thread = "T-0199c0de-0000-4000-8000-000000000001";
/** As Amp expands it when it starts the server. */
const REFERENCE = ["$", "{TOKEN}"].join("");
const url = `https://ampcode.com/threads/${thread}`;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "amp-module-commands-"));
});
afterEach(() => rmSync(home, { recursive: true }));

/** An Amp that writes down its arguments, one a line, and prints `answer`. */
function noting(answer: unknown = ""): { options: AmpOptions; said: () => string[] } {
  const path = join(home, "bin/amp");
  const text = typeof answer === "string" ? answer : JSON.stringify(answer);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "$@" >"$HOME/said"\ncat <<'END'\n${text}\nEND\n`);
  chmodSync(path, 0o755);
  const amp: AmpProbe = { path, version: "0.0.1", flags: [], modes: [] } as unknown as AmpProbe;
  return {
    options: { amp, env: { HOME: home } },
    said: () => readFileSync(join(home, "said"), "utf8").trimEnd().split("\n"),
  };
}

test.each<[string, (options: AmpOptions) => Promise<unknown>, string[]]>([
  [
    "share",
    (o) => shareThread(url, "workspace", o),
    ["threads", "share", thread, "--visibility", "workspace"],
  ],
  ["rename", (o) => renameThread(thread, "--new", o), ["threads", "rename", thread, "--", "--new"]],
  ["label", (o) => labelThread(thread, ["a", "b"], o), ["threads", "label", thread, "--", "a", "b"]],
  ["archive", (o) => archiveThread(thread, o), ["threads", "archive", thread]],
  ["unarchive", (o) => unarchiveThread(thread, o), ["threads", "archive", "--unarchive", thread]],
  ["delete", (o) => deleteThread(thread, o), ["threads", "delete", thread]],
  ["approve", (o) => approveMcpServer("docs", o), ["mcp", "approve", "docs"]],
  [
    "usage of a thread",
    (o) => threadUsageText(thread, { ...o, details: true, start: new Date(0) }),
    ["threads", "usage", thread, "--details", "--start", "1970-01-01T00:00:00.000Z"],
  ],
])("%s: Amp is told so, word by word", async (_, call, words) => {
  const { options, said } = noting();
  await call(options);
  expect(said()).toEqual(words);
});

test("what Amp answers is typed: search, export, tools, usage", async () => {
  const found = noting([{ id: thread, title: "one", more: 1 }]);
  expect(await searchThreads("auth file:a.ts", { ...found.options, limit: 2 })).toEqual([
    { id: thread, title: "one", more: 1 },
  ]);
  expect(found.said()).toEqual(["threads", "search", "--json", "--limit", "2", "--", "auth file:a.ts"]);
  expect((await exportThread(url, noting({ id: thread, messages: [] }).options)).id).toBe(thread);
  const tools = noting([{ name: "Bash" }]);
  expect((await listTools({ ...tools.options, mode: "high" }))[0]?.name).toBe("Bash");
  expect(tools.said()).toEqual(["tools", "list", "--json", "--mode", "high"]);
  expect((await showTool("Bash", noting({ name: "Bash" }).options)).name).toBe("Bash");
  expect(await usageText(noting("Credits: 7\n").options)).toBe("Credits: 7");
});

test("what is no thread, an empty text and another shape are refused", async () => {
  const { options } = noting("[]");
  await expect(deleteThread("all", options)).rejects.toThrow(/thread/);
  await expect(async () => searchThreads(" ", options)).rejects.toThrow("the query is empty");
  await expect(exportThread(thread, options)).rejects.toMatchObject({ kind: "protocol" });
});

test("a secret by value never becomes an argument", async () => {
  const { options, said } = noting();
  await expect(
    addMcpServer("a", { url: "https://x.example", headers: { Authorization: "Bearer s3cret" } }, options),
  ).rejects.toThrow(/^Authorization would stand in an argument list/);
  await expect(addMcpServer("a", { command: "x", env: { API_TOKEN: "s3cret" } }, options)).rejects.toThrow(
    /^API_TOKEN would/,
  );
  expect(said).toThrow();
  await expect(addMcpServer("--help", { command: "x" }, options)).rejects.toThrow(/is no name/);
});

test.each<[AddedRule, RegExp]>([
  [{ tool: "Bash", action: "delegate" }, /needs "to"/],
  [{ tool: "Bash", action: "allow", to: "/bin/true" }, /no other rule may have it/],
  [{ tool: "Bash", action: "allow", message: "x" }, /only a "reject" rule/],
  [{ tool: "Bash", action: "reject", matches: { cmd: "a#b" } }, /"a#b" cannot be given/],
  [{ tool: "Bash", action: "reject", message: 'no "way"' }, /cannot be given/],
  [{ tool: "Bash", action: "reject", matches: { cmd: "" } }, /"" cannot be given/],
])("a rule that Amp would read as another one is refused: %j", async (rule, message) => {
  const { options, said } = noting();
  await expect(addPermission(rule, options)).rejects.toThrow(message);
  expect(said).toThrow();
});

test("a rule that Amp wrote otherwise is told", async () => {
  const { options } = noting([{ tool: "Bash", action: "reject" }]);
  const rule = { tool: "Bash", action: "reject", matches: { cmd: "rm *" } } as const;
  await expect(addPermission(rule, options)).rejects.toMatchObject({ kind: "protocol" });
  await addPermission({ tool: "Bash", action: "reject" }, options);
});

describe("the real Amp", { timeout: 180_000 }, () => {
  let options: AmpOptions;
  let real: Awaited<ReturnType<typeof findRealAmp>>;
  let amp: AmpProbe;
  beforeAll(async () => {
    real = await findRealAmp();
    if (real) amp = await realAmpProbe();
  });
  beforeEach(({ skip }) => {
    if (!real) return skip("no real Amp");
    const env = {
      HOME: home,
      XDG_CONFIG_HOME: "",
      AMP_API_KEY: "sgamp_user_test",
      AMP_URL: "http://127.0.0.1:9/",
    };
    options = { amp, cwd: home, env };
  });

  test("a rule that is added is listed and decides, in front of those before it", async () => {
    await addPermission({ tool: "Bash", action: "allow" }, options);
    await addPermission({ tool: "Bash", action: "reject", matches: { cmd: "rm *" } }, options);
    await addPermission({ tool: "Read", action: "delegate", to: "/bin/true", context: "thread" }, options);
    await addPermission({ tool: "*", action: "reject", message: "it's $HOME, no" }, options);
    expect(await listPermissions(options)).toEqual([
      { tool: "*", action: "reject", message: "it's $HOME, no" },
      { tool: "Read", action: "delegate", to: "/bin/true", context: "thread" },
      { tool: "Bash", action: "reject", matches: { cmd: "rm *" } },
      { tool: "Bash", action: "allow" },
    ]);
    expect((await testPermission("Read", {}, options)).error).toBe("it's $HOME, no");
  });

  test("MCP servers are added and removed; a reference stays one", async () => {
    await addMcpServer(
      "web",
      { url: "https://x.example/mcp", headers: { Authorization: REFERENCE } },
      options,
    );
    await addMcpServer("own", { command: "ls", args: ["-l", "--env"], env: { COLOUR: "no" } }, options);
    const settings = JSON.parse(readFileSync(join(home, ".config/amp/settings.json"), "utf8"));
    expect(settings["amp.mcpServers"]).toEqual({
      web: { url: "https://x.example/mcp", headers: { Authorization: REFERENCE } },
      own: { command: "ls", args: ["-l", "--env"], env: { COLOUR: "no" } },
    });
    await removeMcpServer("web", options);
    expect((await listMcpServers(options)).map(({ name }) => name)).toEqual(["own"]);
    await expect(removeMcpServer("web", options)).rejects.toMatchObject({ kind: "execution" });
  });
});
