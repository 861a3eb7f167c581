import { expect, test } from "vitest";
import { tooOldAgentApi } from "../../src/server/too-old.ts";
import { defaultVersion } from "../support/default-release.ts";

test.each([
  [
    "Error: unknown flag: --experimental-acp",
    "0.11.8",
    /0\.11\.8 is too old.*transport = "stream".*0\.12\.0/,
    "v0.12.0",
  ],
  ["Error: unknown flag: --state-file", "0.11.8", /enable_state_persistence.*0\.12\.0/, "v0.12.0"],
  [
    "failed to parse agent type: invalid agent type: amp",
    "0.3.3",
    /0\.3\.3 is too old.*--type amp.*0\.4\.0/,
    "v0.4.0",
  ],
  [
    "Error: unknown flag: --term-height",
    "0.1.0",
    /0\.1\.0 is too old \(unknown flag: --term-height\)/,
    "v0.4.0",
  ],
])("%j of AgentAPI %s names what it needs and which release has it", (output, version, what, release) => {
  const error = tooOldAgentApi(`${output}\nUsage:\n  agentapi server [agent]`, version);
  expect(error?.what).toMatch(what);
  expect(error?.fix).toContain(release);
  expect(error?.fix).toContain("agentapi_version");
});

test("a release that should know the flag is not called too old", () => {
  expect(tooOldAgentApi("Error: unknown flag: --term-width", "9.0.0")?.what).toMatch(
    /does not know one of its arguments/,
  );
});

test("Amp's own complaint is none of AgentAPI's", () => {
  expect(tooOldAgentApi("error: unknown option '--mode'", defaultVersion)).toBeUndefined();
});
