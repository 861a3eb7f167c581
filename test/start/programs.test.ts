import { expect, test } from "vitest";
import { describePrograms } from "../../src/start/programs.ts";
import { defaultVersion } from "../support/default-release.ts";

const amp = { path: "/home/coder/.amp/bin/amp", version: "0.0.1790142911-g7618fb" };
const agentapi = { path: "/opt/amp-module/bin/agentapi", version: defaultVersion };
const moduleDir = "/home/coder/.amp-module";

test("each program with its version and place, and the runtime", () => {
  expect(describePrograms({ moduleDir }, amp, agentapi)).toEqual([
    `Module: from its sources in ${moduleDir}, on Node ${process.versions.node} in ${process.execPath}.`,
    "Amp: 0.0.1790142911-g7618fb in /home/coder/.amp/bin/amp.",
    `AgentAPI: ${defaultVersion} in /opt/amp-module/bin/agentapi.`,
  ]);
});

test("no AgentAPI where none is wanted", () => {
  expect(describePrograms({ moduleDir }, amp, undefined).join()).not.toContain("AgentAPI");
});
