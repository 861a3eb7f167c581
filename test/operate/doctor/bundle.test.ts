import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeBundle } from "../../../src/operate/doctor/bundle.ts";
import { examine } from "../../../src/operate/doctor/examine.ts";
import { maskedJson } from "../../../src/operate/doctor/mask.ts";
import { CANARY, healthyWorkspace, testKey, type Workspace } from "./subject.ts";

let workspace: Workspace;
beforeEach(async () => {
  workspace = await healthyWorkspace();
});
afterEach(() => workspace.dispose());

/** Writes the archive and unpacks it with the system's own tar. @returns every file's text by its name */
async function unpacked(): Promise<Record<string, string>> {
  const { home } = workspace.paths;
  const path = join(home, "support.tar.gz");
  writeBundle(path, workspace, await examine(workspace));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const folder = join(home, "unpacked");
  execFileSync("mkdir", [folder]);
  execFileSync("tar", ["-xzf", path, "-C", folder]);
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

test("the archive has logs, state, checks and masked settings, and no secret", async () => {
  const { paths, write, config, env } = workspace;
  const server = { command: "tracker", args: ["--key", `arg-${CANARY}`], env: { TRACKER: `mcp-${CANARY}` } };
  env["GITHUB_TOKEN"] = `env-${CANARY}`;
  config.base_amp_config = JSON.stringify({ "amp.mcpServers": { a: server }, "x.apiKey": `base-${CANARY}` });
  config.mcp = JSON.stringify({
    b: { url: "http://x/", headers: { Authorization: `Bearer header-${CANARY}` } },
  });
  config.ai_prompt = `The person's own words ${CANARY}`;
  config.agentapi_download_url = `https://user:pass-${CANARY}@mirror.example/x?sig=${CANARY}`;
  write(paths.config, JSON.stringify(config));
  write(
    paths.ampSettings,
    `{ // mine\n "amp.mcpServers": { "c": ${JSON.stringify(server)} }, "amp.showCosts": true }`,
  );
  write(paths.appliedSettings, JSON.stringify({ "amp.mcpServers.a": JSON.stringify(server) }));
  write(paths.thread, '{"threadId":"T-1"}');
  write(paths.savedState, JSON.stringify({ messages: [`conversation ${CANARY}`] }));
  write(join(paths.state, "remote-mcp-0.json"), JSON.stringify({ d: server }));
  write(
    paths.startLog,
    `2026-09-23T10:00:00.000Z ERROR key ${testKey} refused, Authorization: Bearer log-${CANARY}, https://u:p-${CANARY}@x/?token=${CANARY}, mcp-${CANARY}\n`,
  );
  write(`${paths.startLog}.1`, "2026-09-22T10:00:00.000Z INFO  the day before\n");

  const files = await unpacked();
  expect(Object.keys(files).sort()).toEqual(
    expect.arrayContaining([
      "README.txt",
      "config.json",
      "doctor.json",
      "logs/agentapi-start.log",
      "logs/agentapi-start.log.1",
      "logs/install.log",
      "settings.json",
      "state/agentapi.json",
      "state/thread.json",
    ]),
  );
  for (const [name, text] of Object.entries(files)) expect(text, name).not.toContain(CANARY);
  expect(files["logs/agentapi-start.log"]).toContain("refused");
  expect(files["state/thread.json"]).toContain("T-1");
  expect(JSON.parse(files["doctor.json"] ?? "")).toMatchObject({ healthy: false, checks: expect.any(Array) });
  expect(JSON.parse(files["settings.json"] ?? "")).toMatchObject({
    "amp.showCosts": true,
    "amp.mcpServers": { c: { command: "tracker", env: { TRACKER: "[redacted]" } } },
  });
  expect(JSON.parse(files["config.json"] ?? "")).toMatchObject({
    workdir: "~/project",
    ai_prompt: `(${config.ai_prompt.length} characters)`,
  });
});

test("what cannot be read as JSON is not in it, and says so", async () => {
  workspace.write(workspace.paths.ampSettings, `{ "env": { "A": "${CANARY}"`);
  expect((await unpacked())["settings.json"]).toMatch(/^It is not valid JSON.*\(\d+ characters\)\.\n$/);
});

test("an archive that cannot be written: the folder is named, and nothing is left", async () => {
  const path = join(workspace.paths.config, "support.tar.gz");
  const report = await examine(workspace);
  expect(() => writeBundle(path, workspace, report)).toThrow(/support\.tar\.gz could not be written/);
  expect(existsSync(path)).toBe(false);
});

test("secrets are masked by where they stand, also in JSON within JSON", () => {
  const inner = JSON.stringify({ s: { env: { A: "one" }, command: "c" }, token: "two" });
  const text = maskedJson(
    JSON.stringify({ inner, password: "three", url: "https://a:b@c/?x=four", list: ["five"] }),
  );
  expect(text).not.toMatch(/one|two|three|four|a:b/);
  expect(text).toMatch(/five/);
  expect(maskedJson("{")).toBeUndefined();
});
