import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { findAgentApi, standInAgentApi } from "../support/agentapi.ts";
import { defaultRelease, defaultVersion } from "../support/default-release.ts";
import { type FileServer, startFileServer } from "../support/file-server.ts";
import { createHome, type Home, killTree, leftovers, versionOf } from "./home.ts";
import { serveNpmRegistry } from "./npm-registry.ts";
import { installer, older, placeNpmAmp, tinyAgentapi, tinyAmp, wanted, writeProgram } from "./programs.ts";

/** Random moments for each of fresh and upgrade; AMP_TEST_KILLS=100 is the whole measurement, every line included. */
const kills = Number(process.env["AMP_TEST_KILLS"] ?? 4);
const isWhole = kills >= 100;
/** Homes at a time: a start mostly waits, six seconds for an agent that may die at once. */
const workers = 8;
const waitsMs = 5_000;
const asset = `agentapi-${process.platform}-${process.arch === "arm64" ? "arm64" : "amd64"}`;

type Start = "fresh" | "upgrade";
/** A moment in a start's life: after so many lines of its logs, or so many milliseconds. */
type Moment = { lines: number } | { ms: number };

const server = await serve();
afterAll(() => server.close());

async function serve(): Promise<FileServer> {
  const files = await startFileServer();
  const agentapi = await findAgentApi();
  files.set(
    `/download/${defaultRelease}/${asset}`,
    agentapi.real
      ? await readFile(agentapi.path)
      : `#!/bin/sh\nexec '${process.execPath}' '${standInAgentApi}' "$@"\n`,
  );
  files.set("/install.sh", installer(files.url, wanted));
  files.set(`/amp-${wanted}`, tinyAmp(wanted, { padding: 200_000 }));
  await serveNpmRegistry(files, { [wanted]: tinyAmp(wanted, { padding: 200_000 }) });
  return files;
}

async function prepare(start: Start, viaNpm: boolean): Promise<Home> {
  const home = await createHome({
    config: {
      amp_version: wanted,
      amp_installer_url: `${server.url}/install.sh`,
      install_via_npm: viaNpm,
      npm_registry_url: server.url,
      agentapi_download_url: server.url,
    },
  });
  if (start === "upgrade") {
    if (viaNpm) await placeNpmAmp(home.moduleDir, tinyAmp(older));
    else await writeProgram(join(home.home, ".amp/bin/amp"), tinyAmp(older));
    await writeProgram(join(home.moduleDir, "bin/agentapi"), tinyAgentapi("0.11.0"));
  }
  return home;
}

/** Starts, kills every process of it at the given moment, and returns whether it had ended before. */
async function startAndKill(home: Home, moment: Moment): Promise<boolean> {
  let hasEnded = false;
  const running = home.start().then(() => {
    hasEnded = true;
  });
  if ("ms" in moment) await Promise.race([running, sleep(moment.ms)]);
  else while (!hasEnded && (await logLines(home)) < moment.lines) await sleep(5);
  const result = hasEnded;
  await killTree(home);
  await running;
  return result;
}

/** How many lines the start has written to its logs. */
async function logLines({ moduleDir }: Home): Promise<number> {
  const read = (name: string) => readFile(join(moduleDir, name), "utf8").catch(() => "");
  const logs = await Promise.all(["install.log", "agentapi-start.log"].map(read));
  return logs.join("").split("\n").length - 1;
}

interface Killed {
  ampAfter: string;
  agentapiAfter: string;
  hadEnded: boolean;
}

async function killOnce(start: Start, viaNpm: boolean, moment: Moment): Promise<Killed> {
  const home = await prepare(start, viaNpm);
  try {
    const hadEnded = await startAndKill(home, moment);
    const amp = viaNpm ? join(home.moduleDir, "npm/bin/amp") : join(home.home, ".amp/bin/amp");
    const agentapi = join(home.moduleDir, "bin/agentapi");
    const ampAfter = await versionOf(home, amp);
    const agentapiAfter = await versionOf(home, agentapi);
    const where = `${start}${viaNpm ? " via npm" : ""}, killed at ${JSON.stringify(moment)}`;
    expect([start === "fresh" ? "absent" : older, wanted], where).toContain(ampAfter);
    expect([start === "fresh" ? "absent" : "0.11.0", defaultVersion], where).toContain(agentapiAfter);

    const next = await home.start();
    expect(next.exitCode, `${where}\n${next.stdout}\n${next.stderr}`).toBe(0);
    const { status } = await fetch(`http://127.0.0.1:${home.port}/status`);
    expect(status, where).toBe(200);
    expect(await versionOf(home, amp), where).toBe(wanted);
    expect(await versionOf(home, agentapi), where).toBe(defaultVersion);
    expect(await leftovers(home), where).toEqual([]);
    return { ampAfter, agentapiAfter, hadEnded };
  } finally {
    await home.dispose();
  }
}

/** How long an undisturbed start takes, and how many lines it writes to its logs. */
async function reference(start: Start, viaNpm: boolean): Promise<{ lines: number; ms: number }> {
  const home = await prepare(start, viaNpm);
  try {
    const { durationMs, exitCode, stderr } = await home.start();
    expect(exitCode, stderr).toBe(0);
    return { lines: await logLines(home), ms: durationMs - waitsMs };
  } finally {
    await home.dispose();
  }
}

async function all<T>(tasks: (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  const work = async () => {
    for (let task = tasks.shift(); task; task = tasks.shift()) results.push(await task());
  };
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}

test.each([
  ["fresh", false, isWhole ? 1 : 3],
  ["upgrade", false, 1],
  ["upgrade", true, isWhole ? 1 : 3],
] as const)(
  "kill -9 after lines of a start: %s, npm %s, every %i.",
  { timeout: 600_000 },
  async (start, viaNpm, step) => {
    const { lines } = await reference(start, viaNpm);
    expect(lines).toBeGreaterThan(6);
    const moments = Array.from({ length: lines }, (_, index) => index + 1).filter(
      (line) => line % step === 0,
    );
    const results = await all(moments.map((line) => () => killOnce(start, viaNpm, { lines: line })));
    report(`${start}${viaNpm ? " via npm" : ""}, after lines ${moments.join(", ")}`, results);
  },
);

test.each(["fresh", "upgrade"] as const)(`kill -9 at ${kills} random moments: %s`, {
  timeout: 60_000 + kills * 20_000,
}, async (start) => {
  const routes = [await reference(start, false), await reference(start, true)];
  const results = await all(
    Array.from({ length: kills }, (_, index) => {
      const viaNpm = index % 3 === 2;
      // Homes that start at the same time slow each other down.
      const longest = (routes[viaNpm ? 1 : 0]?.ms ?? 0) * (workers / 2);
      return () => killOnce(start, viaNpm, { ms: Math.random() * longest });
    }),
  );
  report(`${start}, ${kills} random moments`, results);
});

function report(name: string, results: Killed[]): void {
  const count = (test: (result: Killed) => boolean) => results.filter(test).length;
  console.log(
    `${name}: next start healthy ${results.length} of ${results.length}; in place after the kill: Amp ` +
      `new ${count(({ ampAfter }) => ampAfter === wanted)}, old ${count(({ ampAfter }) => ampAfter === older)}, ` +
      `none ${count(({ ampAfter }) => ampAfter === "absent")}; the start had ended before ${count(({ hadEnded }) => hadEnded)} times`,
  );
}
