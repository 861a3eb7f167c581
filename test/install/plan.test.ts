import { describe, expect, test } from "vitest";
import type { AmpProbe } from "../../src/amp/probe.ts";
import { isUpgrade, planAgentapi, planAmp } from "../../src/install/plan.ts";
import { exampleConfig } from "../start/example.ts";
import { defaultRelease, defaultVersion } from "../support/default-release.ts";

const HOUR = 3_600_000;
const amp = (version: string, path = `/home/alice/${version}/amp`): AmpProbe => ({
  ...{ path, version, flags: [], modes: [], hasPluginModes: false, commands: [] },
});
const agentapi = (version: string, sha256 = "a".repeat(64)) => ({
  path: `/usr/bin/agentapi-${version}`,
  version,
  sha256,
});
const old = amp("0.0.100-gaaa");
const recent = amp("0.0.200-gbbb");

describe("planAmp", () => {
  const latest = exampleConfig({ amp_version: "latest", amp_update_check_hours: 24 });

  test("installs where there is none, by the route that the template names", () => {
    const findings = { working: [], sinceCheckMs: undefined };
    expect(planAmp(latest, findings)).toEqual({
      action: "install",
      fallback: undefined,
      reason: "Amp not found, wanted latest: install with the official installer",
    });
    const viaNpm = { ...latest, install_via_npm: true, amp_version: "0.0.200-gbbb" };
    expect(planAmp(viaNpm, findings).reason).toBe("Amp not found, wanted 0.0.200-gbbb: install with npm");
  });

  test("a first sight counts as a check", () => {
    const plan = planAmp(latest, { working: [recent], sinceCheckMs: undefined });
    expect(plan).toMatchObject({ action: "keep", program: recent });
    expect(plan.reason).toBe("Amp 0.0.200-gbbb in /home/alice/0.0.200-gbbb/amp, wanted latest: keep");
  });

  test.each([
    [0, "0 min"],
    [119 * 60_000, "119 min"],
    [3 * HOUR, "3 h"],
    [24 * HOUR - 1, "24 h"],
    [-3 * HOUR, "3 h"],
  ])("keeps the newest %i ms after the last check", (sinceCheckMs, words) => {
    const plan = planAmp(latest, { working: [recent], sinceCheckMs });
    expect(plan).toMatchObject({ action: "keep", program: recent });
    expect(plan.reason).toContain(`last checked ${words} ago: keep`);
  });

  test.each([
    24 * HOUR,
    48 * HOUR,
    -24 * HOUR,
  ])("looks for a newer one %i ms after the last check", (sinceCheckMs) => {
    const plan = planAmp(latest, { working: [recent, old], sinceCheckMs });
    expect(plan).toMatchObject({ action: "install", fallback: recent });
    expect(plan.reason).toContain("look for a newer one with the official installer");
  });

  test("amp_update_check_hours = 0 is every start, the first one too", () => {
    const config = { ...latest, amp_update_check_hours: 0 };
    for (const sinceCheckMs of [undefined, 0, HOUR]) {
      expect(planAmp(config, { working: [recent], sinceCheckMs }).action).toBe("install");
    }
  });

  test("with install_amp = false nothing is looked up", () => {
    const config = { ...latest, install_amp: false, amp_update_check_hours: 0 };
    expect(planAmp(config, { working: [old], sinceCheckMs: 99 * HOUR })).toMatchObject({
      action: "keep",
      program: old,
    });
  });

  test.each([
    "0.0.200-gbbb",
    "v0.0.200-gbbb",
  ])("the pinned version %s is found behind others", (amp_version) => {
    const plan = planAmp({ ...latest, amp_version }, { working: [old, recent], sinceCheckMs: 99 * HOUR });
    expect(plan).toMatchObject({ action: "keep", program: recent });
    expect(plan.reason).toContain("wanted 0.0.200-gbbb: keep");
  });

  test("another version than the pinned one is the fallback", () => {
    const config = { ...latest, amp_version: "0.0.150-gccc" };
    expect(planAmp(config, { working: [recent, old], sinceCheckMs: undefined })).toMatchObject({
      action: "install",
      fallback: recent,
      reason:
        "Amp 0.0.200-gbbb found in /home/alice/0.0.200-gbbb/amp, wanted 0.0.150-gccc: install with the official installer",
    });
    const fixed = planAmp({ ...config, install_amp: false }, { working: [recent], sinceCheckMs: undefined });
    expect(fixed).toMatchObject({ action: "keep", program: recent });
    expect(fixed.reason).toContain("but install_amp is false: keep");
  });

  test("with none and install_amp = false the error names where it looked and what to set", () => {
    const plan = () => planAmp({ ...latest, install_amp: false }, { working: [], sinceCheckMs: undefined });
    expect(plan).toThrow(expect.objectContaining({ fix: expect.stringContaining("install_amp = true") }));
    expect(plan).toThrow(/AMP_CLI_PATH.*\/opt\/amp-module.*PATH/);
  });
});

describe("planAgentapi", () => {
  const config = exampleConfig({ agentapi_version: defaultRelease, agentapi_sha256: "" });

  test("keeps the wanted version, wherever it stands", () => {
    const plan = planAgentapi(config, [agentapi("0.11.0"), agentapi(defaultVersion)]);
    expect(plan).toMatchObject({ action: "keep", program: { version: defaultVersion } });
  });

  test("latest is whatever runs", () => {
    const plan = planAgentapi({ ...config, agentapi_version: "latest" }, [agentapi("0.11.0")]);
    expect(plan).toMatchObject({ action: "keep", program: { version: "0.11.0" } });
  });

  test("another version is downloaded, with the one that works as the fallback", () => {
    expect(planAgentapi(config, [agentapi("0.13.0")])).toMatchObject({
      action: "install",
      fallback: { version: "0.13.0" },
    });
    expect(planAgentapi(config, [])).toMatchObject({
      action: "install",
      fallback: undefined,
      reason: `AgentAPI not found, wanted ${defaultRelease}: download`,
    });
  });

  test("a binary with another checksum is neither kept nor a fallback, whatever the case of the digits", () => {
    const wanted = { ...config, agentapi_sha256: "B".repeat(64) };
    expect(planAgentapi(wanted, [agentapi(defaultVersion)])).toMatchObject({
      action: "install",
      fallback: undefined,
    });
    expect(planAgentapi(wanted, [agentapi(defaultVersion, "b".repeat(64))])).toMatchObject({
      action: "keep",
    });
  });

  test("install_agentapi = false keeps what there is, or says what is missing", () => {
    const fixed = { ...config, install_agentapi: false };
    expect(planAgentapi(fixed, [agentapi("0.11.0")])).toMatchObject({ action: "keep" });
    expect(() => planAgentapi(fixed, [])).toThrow(/No working AgentAPI/);
    const digest = { ...fixed, agentapi_sha256: "b".repeat(64) };
    expect(() => planAgentapi(digest, [agentapi(defaultVersion)])).toThrow(/not the one in agentapi_sha256/);
  });
});

test("an installed latest never goes back", () => {
  expect(isUpgrade({ version: "0.0.200-gbbb" }, { version: "0.0.100-gaaa" })).toBe(true);
  expect(isUpgrade({ version: "0.0.200-gbbb" }, { version: "0.0.200-gbbb" })).toBe(true);
  expect(isUpgrade({ version: "0.0.100-gaaa" }, { version: "0.0.200-gbbb" })).toBe(false);
  expect(isUpgrade({ version: "0.0.100-gaaa" }, undefined)).toBe(true);
});
