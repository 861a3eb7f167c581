import { expect, test } from "vitest";
import { buildInvocation } from "../../src/amp/arguments.ts";
import { AmpOptionError } from "../../src/amp/errors.ts";
import type { AmpProbe } from "../../src/amp/probe.ts";

const THREAD = "T-2775dc92-90ed-4f85-8b73-8f9766029e83";
const BASE = { path: "/amp", commands: [], hasPluginModes: false };
const TODAY: AmpProbe = {
  ...BASE,
  version: "0.0.1790142911",
  modes: ["low", "medium", "high"],
  flags: [
    ...[
      "--execute",
      "--stream-json",
      "--stream-json-input",
      "--stream-json-thinking",
      "--no-archive-after-execute",
    ],
    ...["--mode", "--visibility", "--label", "--settings-file", "--mcp-config", "--log-level", "--log-file"],
    ...["--no-ide", "--no-color", "--no-notifications"],
  ],
};
const MIDDLE: AmpProbe = {
  ...BASE,
  version: "0.0.1",
  modes: [],
  flags: ["--execute", "--stream-json", "--dangerously-allow-all", "--no-jetbrains"],
};
const OLDER: AmpProbe = {
  ...BASE,
  version: "0.0.0",
  modes: [],
  flags: ["--print", "--output-format", "--continue", "--dangerously-skip-permissions"],
};

test("today's Amp with every option", () => {
  const { args, isStreamInput } = buildInvocation(
    TODAY,
    {
      mode: "HIGH",
      visibility: "private",
      labels: ["a", "b-1"],
      thinking: true,
      keepThread: true,
      logLevel: "debug",
      logFile: "/log",
      noIde: true,
      noColor: true,
      noNotifications: true,
      noJetbrains: true,
      dangerouslyAllowAll: true,
    },
    { settingsFile: "/s.json", mcpConfigFile: "/m.json" },
  );

  expect(args.join(" ")).toBe(
    "--execute --stream-json --stream-json-thinking --stream-json-input --mode HIGH --visibility private --label a --label b-1 --settings-file /s.json --mcp-config /m.json --no-archive-after-execute --log-level debug --log-file /log --no-ide --no-color --no-notifications",
  );
  expect(isStreamInput).toBe(true);
});

test.each([
  [THREAD],
  [`https://ampcode.com/threads/${THREAD}`],
  [`https://amp.example/threads/${THREAD}?tab=1#end`],
])("continues %s", (continueThread) => {
  expect(buildInvocation(TODAY, { continueThread }).args.slice(0, 4)).toEqual([
    "threads",
    "continue",
    THREAD,
    "--execute",
  ]);
  expect(buildInvocation(OLDER, { continueThread }).args.slice(-2)).toEqual(["--continue", THREAD]);
});

test("continues the last thread, with --last only where it is known", () => {
  expect(buildInvocation(TODAY, { continueThread: true }).args.slice(0, 3)).toEqual([
    "threads",
    "continue",
    "--last",
  ]);
  expect(buildInvocation(MIDDLE, { continueThread: true }).args.slice(0, 3)).toEqual([
    "threads",
    "continue",
    "--execute",
  ]);
  expect(() => buildInvocation(OLDER, { continueThread: true })).toThrow(
    "only continue a thread that is named",
  );
});

test("older generations get their own flags, and nothing they do not list", () => {
  const options = {
    dangerouslyAllowAll: true,
    noIde: true,
    thinking: true,
    keepThread: true,
    logLevel: "info",
    noJetbrains: true,
  };

  expect(buildInvocation(MIDDLE, options)).toEqual({
    args: ["--execute", "--stream-json", "--dangerously-allow-all", "--no-jetbrains"],
    isStreamInput: false,
  });
  expect(buildInvocation(OLDER, options).args.join(" ")).toBe(
    "--print --output-format stream-json --dangerously-skip-permissions",
  );
});

test.each([
  [{ mode: "high" }, {}, "--mode"],
  [{ visibility: "group" as const }, {}, "--visibility"],
  [{ labels: ["a"] }, {}, "--label"],
  [{}, { settingsFile: "/s" }, "--settings-file"],
  [{}, { mcpConfigFile: "/m" }, "--mcp-config"],
])("%j %j fails where Amp has no %s: leaving it out would change the outcome", (options, files, flag) => {
  expect(() => buildInvocation(MIDDLE, options, files)).toThrow(
    expect.objectContaining({ kind: "unsupported_version", message: `Amp 0.0.1 has no ${flag}.` }),
  );
});

test("an Amp without any stream is refused", () => {
  expect(() => buildInvocation({ ...BASE, version: "9", modes: [], flags: ["--help"] }, {})).toThrow(
    expect.objectContaining({
      kind: "unsupported_version",
      message: expect.stringMatching(/neither --stream-json nor --print/),
    }),
  );
});

test("a mode of a plugin cannot be told beforehand", () => {
  expect(buildInvocation({ ...TODAY, hasPluginModes: true }, { mode: "mine" }).args).toContain("mine");
  expect(() => buildInvocation(TODAY, { mode: "mine" })).toThrow(AmpOptionError);
});
