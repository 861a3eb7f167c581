import { join } from "node:path";
import { expect, test } from "vitest";
import { logAmp, logFindings } from "../../src/install/findings.ts";
import { recordUpdateCheck } from "../../src/install/update-check.ts";
import { writeProgram } from "./install-context.ts";
import { example } from "./module-home.ts";

test("log_level debug says which runtime runs, what was found where, and what in the environment matters", () => {
  const { context, log, lines, home } = example({ config: { log_level: "debug" } });
  const amp = writeProgram(join(home, ".amp/bin/amp"), "#!/bin/sh\n");
  const agentapi = writeProgram(join(home, "bin/agentapi"), "#!/bin/sh\n");
  context.env["PATH"] = join(home, "bin");
  context.env["HTTPS_PROXY"] = "http://user:s3cret@proxy.example.com";
  context.env["AMP_API_KEY"] = "sgamp_s3cret";
  context.env["UNRELATED"] = "1";
  recordUpdateCheck(context);
  logFindings(context, log);
  const text = lines.join("\n");
  expect(text).toContain(`Runtime: Node ${process.versions.node} in ${process.execPath}`);
  expect(text).toContain("Set in the environment: HTTPS_PROXY, AMP_API_KEY.");
  expect(text).toContain(`Amp, the first that fits is taken: ${amp}.`);
  expect(text).toContain("A newer Amp was looked for 0 min ago; amp_update_check_hours is 24.");
  expect(text).toContain(`AgentAPI, the first that fits is taken: ${agentapi}.`);
  expect(text).not.toContain("s3cret");
  expect(lines.every((line) => line.startsWith("debug: "))).toBe(true);
});

test("at any other level it does not even look", () => {
  const { context, log, lines } = example({ config: { log_level: "info" } });
  logFindings(context, log);
  expect(lines).toEqual([]);
});

test("the chosen Amp is told with its modes and flags", () => {
  const { log, lines } = example();
  logAmp({ path: "/amp", version: "1", modes: ["low"], flags: [], hasPluginModes: false, commands: [] }, log);
  expect(lines).toEqual(["debug: Amp 1 in /amp; its modes: low; its flags: none."]);
});
