import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { managedText } from "../../src/amp/managed-settings.ts";
import { applyManagedSettings } from "../../src/install/managed-settings.ts";
import { installContext, writeProgram } from "./install-context.ts";

const settings = '{"amp.permissions":[{"tool":"Bash","action":"reject"}]}';

/** A place of its own for the file, a folder on PATH for a `sudo`, and how often that was asked. */
function place(config: { managed_settings?: string; managed_settings_sudo?: boolean } = {}) {
  const { context, log, logged } = installContext({ managed_settings: settings, ...config });
  const path = join(context.paths.home, "etc/ampcode/managed-settings.json");
  const tools = join(context.paths.home, "tools");
  const env = { ...context.env, PATH: `${tools}:${context.env["PATH"]}` };
  return {
    path,
    logged,
    apply: () => applyManagedSettings({ config: context.config, env }, log, path),
    sudo: (body: string) => writeProgram(join(tools, "sudo"), `#!/bin/sh\n${body}\n`),
  };
}

/** Nobody can make a folder there, not even root. */
function obstruct(path: string): void {
  mkdirSync(dirname(dirname(path)), { recursive: true });
  writeFileSync(dirname(path), "");
}

test("without managed_settings the file is left as it is", async () => {
  const { path, apply } = place({ managed_settings: "" });
  await apply();
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
});

test("it is written for every user to read, and a second time not at all", async () => {
  const { path, apply, logged } = place();
  const umask = process.umask(0o077);
  try {
    await apply();
  } finally {
    process.umask(umask);
  }
  expect(readFileSync(path, "utf8")).toBe(managedText(settings));
  expect(statSync(path).mode & 0o777).toBe(0o644);
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o755);
  const { ino } = statSync(path);
  await apply();
  expect(statSync(path).ino).toBe(ino);
  expect(logged()).toContain("is already as wanted");
});

test("what this module wrote earlier is replaced, what others wrote is not", async () => {
  const { path, apply } = place();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, managedText('{"amp.showCosts":true}'));
  await apply();
  expect(readFileSync(path, "utf8")).toBe(managedText(settings));
  writeFileSync(path, '{"amp.showCosts":true}');
  await expect(apply()).rejects.toThrow(/has other settings than managed_settings/);
  expect(readFileSync(path, "utf8")).toBe('{"amp.showCosts":true}');
});

test("the same content of an image's author is as good, and needs no right to write", async () => {
  const { path, apply, sudo } = place({ managed_settings_sudo: true });
  sudo('echo "asked" >&2; exit 1');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    '{ "amp.permissions": [{ "tool": "Bash", "action": "reject" }], "amp.dangerouslyAllowAll": false }',
  );
  await apply();
});

test("one that cannot be written fails, and sudo is not asked unless it may be", async () => {
  const { path, apply, sudo } = place();
  sudo('shift; rm "$(dirname "$5")"; exec "$@"');
  obstruct(path);
  await expect(apply()).rejects.toThrow(
    /managed_settings could not be written to .*, so its rules would not hold: E/,
  );
});

test("sudo writes it if it may", async () => {
  const { path, apply, sudo } = place({ managed_settings_sudo: true });
  // $1 is -n, then sh -c SCRIPT sh FILE TEXT.
  sudo('[ "$1" = -n ] || exit 9; shift; rm "$(dirname "$5")"; exec "$@"');
  obstruct(path);
  await apply();
  expect(readFileSync(path, "utf8")).toBe(managedText(settings));
  expect(statSync(path).mode & 0o777).toBe(0o644);
});

test("a sudo that wants a password is named as the reason", async () => {
  const { path, apply, sudo } = place({ managed_settings_sudo: true });
  sudo('echo "sudo: a password is required" >&2; exit 1');
  obstruct(path);
  await expect(apply()).rejects.toThrow("sudo: sudo: a password is required");
});

test("one that cannot be read fails: Amp would run without its rules", async () => {
  const { path, apply } = place();
  mkdirSync(path, { recursive: true });
  await expect(apply()).rejects.toThrow(/Amp's managed settings cannot be read: EISDIR/);
});
