import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { afterEach, expect, test } from "vitest";
import { startCoderApi } from "../support/coder-api.ts";
import { testAgentToken } from "../support/workspace.ts";
import { answered, stateFile, workspaces } from "./workspace.ts";

const { create, dispose } = workspaces();
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await dispose();
});

/** Unique, and with characters that JSON and URLs write in another way. */
const canary = (name: string) => `canary/${name}"\\+ü-7c41e9d2a6`;
const secrets = {
  amp_api_key: "sgamp_user_canary-key-59d0c3e87a12",
  CODER_AGENT_TOKEN: testAgentToken,
  "env of an MCP server": canary("mcp-env"),
  "header of an MCP server": `Bearer ${canary("mcp-header")}`,
  "env in base_amp_config": canary("base-env"),
};

/** The files that must hold what the template put into JSON; all of them private. */
const HOLDERS = [".amp-module/config.json", ".config/amp/settings.json"];

/** Every way in which a secret may be written: plain, base64 at three offsets, JSON- and URL-escaped. */
function spellings(secret: string): string[] {
  const base64 = [0, 1, 2].map((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
    // Only the characters that no neighbour changes.
    return bytes.toString("base64").slice(offset === 0 ? 0 : 4, -4);
  });
  const json = JSON.stringify(secret).slice(1, -1);
  return [
    ...new Set([secret, ...base64, json, JSON.stringify(json).slice(1, -1), encodeURIComponent(secret)]),
  ];
}

const forms = Object.entries(secrets).flatMap(([name, secret]) =>
  spellings(secret).map((text) => ({ name, text })),
);
const hits = (text: string) => [
  ...new Set(forms.filter((form) => text.includes(form.text)).map(({ name }) => name)),
];

test("the search finds every spelling, whatever surrounds it", () => {
  for (const [name, secret] of Object.entries(secrets)) {
    for (const ahead of ["", "x", "xy", "xyz"]) {
      expect(hits(Buffer.from(`${ahead}${secret} and more`).toString("base64"))).toEqual([name]);
    }
    expect(hits(`?q=${encodeURIComponent(secret)}&`)).toEqual([name]);
    expect(hits(JSON.stringify({ a: secret }))).toEqual([name]);
    expect(hits(JSON.stringify(JSON.stringify({ a: secret })))).toEqual([name]);
  }
});

test("no secret is anywhere but in the files that must hold it, which are private", async () => {
  const task = { id: "6f1c0f2e-2f6a-4c7e-9d8f-0a1b2c3d4e5f", prompt: "Count the files" };
  const coder = await startCoderApi({ token: testAgentToken, taskId: task.id, answer: 204 });
  cleanups.push(() => coder.close());
  const ws = await create({
    task,
    coder: true,
    env: { CODER_AGENT_URL: coder.url },
    variables: {
      amp_api_key: secrets["amp_api_key"],
      log_level: "debug",
      mcp: JSON.stringify({
        tool: { command: "tool", env: { TOOL_TOKEN: secrets["env of an MCP server"] } },
        docs: {
          url: "https://mcp.example.com",
          headers: { Authorization: secrets["header of an MCP server"] },
        },
      }),
      base_amp_config: JSON.stringify({
        "amp.notifications.enabled": false,
        "amp.mcpServers": {
          base: { command: "base", env: { BASE_TOKEN: secrets["env in base_amp_config"] } },
        },
      }),
    },
  });
  const texts: Record<string, string> = {};
  const sampling = sampleProcesses();
  const start = await ws.start();
  expect(start.exitCode, start.stderr).toBe(0);
  await answered(ws, task.prompt);
  const again = await ws.start();
  const doctor = await ws.run(`${ws.moduleDir}/bin/amp-module doctor`, {
    env: { AMP_URL: "http://127.0.0.1:9/" },
  });
  const stop = await ws.stop();
  const samples = await sampling.end();
  expect(samples.size).toBeGreaterThan(10);
  for (const [name, { stdout, stderr }] of Object.entries({ start, again, doctor, stop }))
    texts[`output of ${name}`] = stdout + stderr;
  texts["arguments of processes"] = [...samples].join("\n");
  texts["snapshot"] = coder.snapshots.join("\n");
  expect(texts["snapshot"]).toContain(task.prompt);
  expect(await stateFile(ws, "agentapi-state.json")).toContain(task.prompt);

  for (const folder of [ws.home, join(ws.root, "tmp")]) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      texts[`name of ${relative(ws.root, path)}`] = entry.name;
      if (entry.isFile()) texts[relative(ws.home, path)] = await readFile(path, "utf8");
    }
  }
  const found = Object.entries(texts).flatMap(([where, text]) => (hits(text).length > 0 ? [where] : []));
  expect(found.sort()).toEqual(HOLDERS);
  for (const holder of HOLDERS) {
    expect((await stat(join(ws.home, holder))).mode & 0o777, holder).toBe(0o600);
    // These two come through the environment alone.
    expect(hits(texts[holder] ?? "")).not.toContain("amp_api_key");
    expect(hits(texts[holder] ?? "")).not.toContain("CODER_AGENT_TOKEN");
  }
}, 60_000);

/** Arguments of every process of this machine, again and again. */
function sampleProcesses(): { end: () => Promise<Set<string>> } {
  const seen = new Set<string>();
  let isOver = false;
  const loop = (async () => {
    while (!isOver) {
      for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name)))
        seen.add(await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return {
    async end() {
      isOver = true;
      await loop;
      return seen;
    },
  };
}
