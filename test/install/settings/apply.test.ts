import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { applySettings } from "../../../src/install/settings/apply.ts";
import { installContext, writeProgram } from "../install-context.ts";

const base = JSON.stringify({
  "amp.x": 1,
  "amp.mcpServers": { s: { command: "c", env: { T: "s3cret-value" } } },
});

function setUp(present?: string | Buffer, config: Parameters<typeof installContext>[0] = {}) {
  const setup = installContext({ base_amp_config: base, status_reports: "off", ...config });
  const file = setup.context.paths.ampSettings;
  mkdirSync(dirname(file), { recursive: true });
  if (present !== undefined) writeFileSync(file, present);
  const settings = () => JSON.parse(readFileSync(file, "utf8"));
  const withConfig = (changes: Partial<typeof setup.context.config>) => ({
    ...setup.context,
    config: { ...setup.context.config, ...changes },
  });
  return { ...setup, file, settings, withConfig };
}

test("a new file is private; the second run writes nothing", async () => {
  const { context, log, logged, file, settings } = setUp();
  await applySettings(context, log);
  expect(settings()).toEqual(JSON.parse(base));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const before = [file, context.paths.appliedSettings].map((path) => statSync(path).ino);

  await applySettings(context, log);
  expect([file, context.paths.appliedSettings].map((path) => statSync(path).ino)).toEqual(before);
  expect(logged()).toMatch(/wrote .*settings\.json.*\n.*already as wanted/);
  expect(readdirSync(dirname(file))).toEqual(["settings.json"]);
});

test("the record of what was set holds no value", async () => {
  const { context, log } = setUp();
  await applySettings(context, log);
  const record = readFileSync(context.paths.appliedSettings, "utf8");
  expect(Object.keys(JSON.parse(record))).toEqual(['["amp.x"]', '["amp.mcpServers","s"]']);
  expect(record).not.toContain("s3cret");
});

test("what the template no longer names goes, the user's stays; a lost record removes nothing", async () => {
  const { context, log, file, settings, withConfig } = setUp('{"mine": true}');
  await applySettings(context, log);
  await applySettings(withConfig({ base_amp_config: '{"amp.y":2}' }), log);
  expect(settings()).toEqual({ mine: true, "amp.y": 2 });

  writeFileSync(context.paths.appliedSettings, "{ broken");
  await applySettings(withConfig({ base_amp_config: '{"amp.z":3}' }), log);
  expect(settings()).toEqual({ mine: true, "amp.y": 2, "amp.z": 3 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("killed right after the settings were written, the next run still knows them as the module's", async () => {
  const { context, log, settings, withConfig } = setUp('{"mine": true}');
  const dying = {
    ...log,
    info: (text: string) => {
      if (text.includes("wrote")) throw new Error("killed");
    },
  };
  await expect(applySettings(context, dying)).rejects.toThrow("killed");
  expect(settings()).toEqual({ mine: true, ...JSON.parse(base) });

  await applySettings(context, log);
  await applySettings(withConfig({ base_amp_config: "{}" }), log);
  expect(settings()).toEqual({ mine: true });
});

describe("a file that Amp cannot read", () => {
  test.each([
    ["broken JSON", "{ oops"],
    ["an array", "[1]"],
    ["other bytes than UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ])("%s is moved aside with a time stamp, byte for byte", async (_name, content) => {
    const { context, log, logged, file, settings } = setUp(content);
    await applySettings(context, log);
    const aside = `${file}.unreadable-2026-09-23T10-00-00-000Z`;
    expect(readFileSync(aside)).toEqual(Buffer.from(content));
    expect(settings()).toEqual(JSON.parse(base));
    expect(logged()).toContain(`kept as ${aside}`);
  });

  test("behind a link: the link stays, and the file beside its target", async () => {
    const { context, log, file } = setUp();
    const target = join(context.paths.home, "dotfiles.json");
    writeFileSync(target, "{ oops");
    symlinkSync(target, file);
    await applySettings(context, log);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(JSON.parse(readFileSync(target, "utf8"))).toEqual(JSON.parse(base));
    expect(readFileSync(`${target}.unreadable-2026-09-23T10-00-00-000Z`, "utf8")).toBe("{ oops");
  });
});

test("a linked file keeps its link; one that others may read becomes private", async () => {
  const { context, log, file } = setUp();
  const target = join(context.paths.home, "dotfiles.json");
  writeFileSync(target, base);
  chmodSync(target, 0o644);
  symlinkSync(target, file);
  await applySettings(context, log);
  expect(lstatSync(file).isSymbolicLink()).toBe(true);
  expect(readFileSync(target, "utf8")).toBe(base);
  expect(statSync(target).mode & 0o777).toBe(0o600);
});

test("a folder in its place: the error names the file and what to do", async () => {
  const { context, log, file } = setUp();
  mkdirSync(file);
  await expect(applySettings(context, log)).rejects.toMatchObject({
    name: "ModuleError",
    message: expect.stringContaining(file),
    fix: expect.stringMatching(/\S/),
  });
});

describe("status_reports", () => {
  test("with coder on PATH there is its server, and the rule in front of the user's", async () => {
    const { context, log, settings } = setUp('{"amp.permissions":[{"tool":"Bash","action":"ask"}]}', {
      status_reports: "coder-mcp",
    });
    writeProgram(join(context.paths.home, "path/coder"), "#!/bin/sh\nexit 1\n");
    context.env["PATH"] = join(context.paths.home, "path");
    await applySettings(context, log);
    expect(settings()["amp.mcpServers"].coder.args).toEqual(["exp", "mcp", "server"]);
    expect(settings()["amp.permissions"][0]).toEqual({ tool: "mcp__coder__*", action: "allow" });
  });

  test("without it the log says why there is none", async () => {
    const { context, log, logged, settings } = setUp(undefined, { status_reports: "coder-mcp" });
    context.env["PATH"] = join(context.paths.home, "empty");
    await applySettings(context, log);
    expect(settings()["amp.mcpServers"]).not.toHaveProperty("coder");
    expect(logged()).toMatch(/status_reports: there is no `coder` command/);
    expect(existsSync(context.paths.appliedSettings)).toBe(true);
  });
});

test("log_level debug names every setting that is the template's, and what is given back, without a value", async () => {
  const { context, log, withConfig } = setUp();
  const debug: string[] = [];
  const open = { ...log, debug: (text: string) => void debug.push(text) };
  await applySettings(context, open);
  await applySettings(withConfig({ base_amp_config: '{"amp.y":2}', mcp: '{"web":{"url":"u"}}' }), open);
  expect(debug).toEqual([
    "Settings that the template or the module names: amp.x, amp.mcpServers.s.",
    "Settings that the template or the module names: amp.y, amp.mcpServers.web.",
    'Settings no longer the module\'s: ["amp.x"], ["amp.mcpServers","s"].',
  ]);
});
