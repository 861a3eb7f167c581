import { createHash } from "node:crypto";
import { rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, test } from "vitest";
import type { Config } from "../../src/config.ts";
import { findAgentApi, standInAgentApi } from "../support/agentapi.ts";
import { canMount } from "../support/can-mount.ts";
import { defaultVersion } from "../support/default-release.ts";
import { type Fault, type FileServer, startFileServer } from "../support/file-server.ts";
import type { ScriptResult } from "../support/run-script.ts";
import { writeNodeProgram } from "../support/stand-ins.ts";
import { createHome, type Home, killTree, leftovers, listTree, versionOf } from "./home.ts";
import { registryPaths, serveNpmRegistry } from "./npm-registry.ts";
import { type Case, type Outcome, outcomes, type Route, routes } from "./outcomes.ts";
import {
  brokenProgram,
  installer,
  newer,
  older,
  placeNpmAmp,
  tinyAgentapi,
  tinyAmp,
  wanted,
  writeProgram,
} from "./programs.ts";

/** Where nothing listens: the discard port of loopback. */
const down = "http://127.0.0.1:9";
const agentapiAsset = `agentapi-${process.platform}-${process.arch === "arm64" ? "arm64" : "amd64"}`;
/** 30 KB at 1 KB per 100 ms: the rate of the issue ten times over, so that it takes 3 s instead of 30. */
const trickle = { bytes: 1024, everyMs: Number(process.env["AMP_TEST_TRICKLE_MS"] ?? 100) };
const slowBytes = 30 * 1024;

/** A route's own half of each case: what is served, where a fault strikes, what lies in the home before. */
interface RouteKit {
  versions: { older: string; wanted: string; newer: string };
  program: (version: string, options?: { padding?: number }) => string;
  config: (serverUrl: string) => Partial<Config>;
  /** Serves every version. */
  serve: (server: FileServer, contents: Record<string, string>, latest: string) => Promise<void>;
  /** The path that carries the program, and the one that is asked first. */
  faultAt: (wanted: string) => string;
  firstPath: (wanted: string) => string;
  place: (home: Home, content: string) => Promise<void>;
  /** What a start would run. */
  inPlace: (home: Home) => string;
  pin: (version: string) => Partial<Config>;
  /** The other program, which needs no install in this cell. */
  path: Record<string, string>;
}

const kits: Record<Route, RouteKit> = {
  official: {
    versions: { older, wanted, newer },
    program: tinyAmp,
    config: (url) => ({ amp_installer_url: `${url}/install.sh` }),
    async serve(server, contents, latest) {
      server.set("/install.sh", installer(server.url, latest));
      for (const [version, content] of Object.entries(contents)) server.set(`/amp-${version}`, content);
    },
    faultAt: () => "/install.sh",
    firstPath: () => "/install.sh",
    place: (home, content) => writeProgram(join(home.home, ".amp/bin/amp"), content),
    inPlace: (home) => join(home.home, ".amp/bin/amp"),
    pin: (version) => ({ amp_version: version }),
    path: { agentapi: tinyAgentapi(defaultVersion) },
  },
  npm: {
    versions: { older, wanted, newer },
    program: tinyAmp,
    config: (url) => ({ install_via_npm: true, npm_registry_url: url }),
    serve: (server, contents, latest) => serveNpmRegistry(server, contents, { latest }),
    faultAt: registryPaths.binary,
    firstPath: () => registryPaths.description,
    place: (home, content) => placeNpmAmp(home.moduleDir, content),
    inPlace: (home) => join(home.moduleDir, "npm/bin/amp"),
    pin: (version) => ({ amp_version: version }),
    path: { agentapi: tinyAgentapi(defaultVersion) },
  },
  agentapi: {
    versions: { older: "0.11.0", wanted: defaultVersion, newer: "0.13.0" },
    program: tinyAgentapi,
    config: (url) => ({ agentapi_download_url: url }),
    async serve(server, contents, latest) {
      for (const [version, content] of Object.entries(contents)) {
        server.set(`/download/v${version}/${agentapiAsset}`, content);
      }
      server.set(`/latest/download/${agentapiAsset}`, contents[latest] ?? "");
    },
    faultAt: (version) => `/download/v${version}/${agentapiAsset}`,
    firstPath: (version) => `/download/v${version}/${agentapiAsset}`,
    place: (home, content) => writeProgram(join(home.moduleDir, "bin/agentapi"), content),
    inPlace: (home) => join(home.moduleDir, "bin/agentapi"),
    pin: (version) => ({
      agentapi_version: version === "latest" ? version : `v${version}`,
      install_amp: false,
    }),
    path: { amp: tinyAmp(wanted) },
  },
};

const mayMount = await canMount();
const cleanUps: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
});

/** A server with every version, a home, and the words that tell how it went. */
async function stage(route: Route, options: { padding?: number; tmpfsKiB?: number } = {}) {
  const kit = kits[route];
  const server = await startFileServer();
  const { versions } = kit;
  const contents = Object.fromEntries(
    Object.values(versions).map((version) => [version, kit.program(version, options)]),
  );
  await kit.serve(server, contents, versions.wanted);
  const home = await createHome({
    path: kit.path,
    config: { ...kit.config(server.url), ...kit.pin(versions.wanted) },
    env: { AMP_MODULE_RETRY_SCALE: "0.05" },
    ...(options.tmpfsKiB && { tmpfsKiB: options.tmpfsKiB }),
  });
  cleanUps.push(async () => {
    await home.dispose();
    await server.close();
  });
  return { kit, server, home, versions, contents };
}

type Stage = Awaited<ReturnType<typeof stage>>;

/** Runs `amp-module install`, or for one route of each case the whole start script with an agent that must answer. */
async function run({ home }: Stage, name: Case, route: Route): Promise<ScriptResult> {
  if (route !== startScriptRoute(name)) return home.cli("install");
  const agentapi = await findAgentApi();
  const program = join(home.root, "path/agentapi");
  await rm(program);
  if (agentapi.real) await symlink(agentapi.path, program);
  else await writeNodeProgram(program, standInAgentApi);
  const result = await home.start();
  if (result.exitCode === 0) {
    expect(await fetch(`http://127.0.0.1:${home.port}/status`).then(({ status }) => status)).toBe(200);
  }
  return result;
}

function startScriptRoute(name: Case): Route {
  return outcomes[name].official === "–" ? "npm" : "official";
}

async function expectOutcome(
  { kit, home, versions }: Stage,
  result: ScriptResult,
  outcome: Outcome,
  before: string,
): Promise<void> {
  const output = `${result.stdout}\n${result.stderr}`;
  const runs = await versionOf(home, kit.inPlace(home));
  if (outcome === "installs") {
    expect(result, output).toMatchObject({ exitCode: 0 });
    expect(runs).toBe(versions.wanted);
  } else if (outcome === "keeps") {
    expect(result, output).toMatchObject({ exitCode: 0 });
    expect(runs).toBe(before);
    expect(output).not.toContain("warning:");
  } else if (outcome === "warns") {
    expect(result, output).toMatchObject({ exitCode: 0 });
    expect(output).toMatch(/warning: .*stays in use/);
    expect(output).toContain("To fix it:");
    expect(runs).toBe(before);
  } else {
    expect(result.exitCode, output).not.toBe(0);
    expect(result.stderr).toContain("error: To fix it:");
    expect(result.stderr).not.toMatch(/^\s+at /m);
    expect(runs).toBe("absent");
  }
  expect(await leftovers(home)).toEqual([]);
  for (const path of await programsIn(home)) {
    expect(await versionOf(home, path), path).toMatch(/^0\./);
  }
  // An idle AgentAPI costs a tenth of a core, and all homes stay until the end of this file.
  await killTree(home);
}

/** Every file that somebody could run as Amp or AgentAPI. */
async function programsIn(home: Home): Promise<string[]> {
  const names = await listTree(home.home);
  return names.filter(
    (name) => /\/(amp|amp\.exe|agentapi)$/.test(name) && !/\/(\.npm|\.config|\.local\/share)\//.test(name),
  );
}

describe.concurrent.each(routes)("%s", (route) => {
  const cell = (name: Case, work: (outcome: Outcome) => Promise<void>, isPossible = true) => {
    const outcome: Outcome = outcomes[name][route];
    const skip = outcome === "–" || !isPossible;
    test.skipIf(skip)(`${name}: ${outcome}`, { timeout: 120_000 }, () => work(outcome));
  };

  /** A case in an empty home and, where it ends otherwise there, in one with an older version that works. */
  const faultCell = (
    name: Case,
    options: Parameters<typeof stage>[1],
    prepare: (at: Stage) => Promise<(result: ScriptResult) => void>,
    isPossible = true,
  ) => {
    const inOneHome = async (outcome: Outcome, hasOlder: boolean) => {
      const at = await stage(route, options);
      if (hasOlder) await at.kit.place(at.home, at.kit.program(at.versions.older));
      const check = await prepare(at);
      const result = await run(at, name, route);
      await expectOutcome(at, result, outcome, hasOlder ? at.versions.older : "absent");
      check(result);
    };
    cell(
      name,
      async (outcome) => {
        const [fresh = outcome, upgrade] = outcome.split(" / ") as Outcome[];
        const homes = [inOneHome(fresh, false), ...(upgrade ? [inOneHome(upgrade, true)] : [])];
        await Promise.all(homes);
      },
      isPossible,
    );
  };

  for (const [name, before] of [
    ["fresh", undefined],
    ["older version present", "older"],
    ["newer version present, an older one pinned", "newer"],
    ["broken version present", "broken"],
  ] as const) {
    cell(name, async (outcome) => {
      const at = await stage(route);
      if (before) {
        const content = before === "broken" ? brokenProgram : at.kit.program(at.versions[before]);
        await at.kit.place(at.home, content);
      }
      const result = await run(at, name, route);
      await expectOutcome(at, result, outcome, "absent");
      expect(at.server.count(at.kit.faultAt(at.versions.wanted))).toBe(1);
      if (before === "broken") expect(result.stdout).toMatch(/warning: .* does not run/);
    });
  }

  cell("same version present", async (outcome) => {
    const at = await stage(route);
    await at.kit.place(at.home, at.kit.program(at.versions.wanted));
    await expectOutcome(at, await run(at, "same version present", route), outcome, at.versions.wanted);
    expect(at.server.requests()).toEqual([]);
  });

  cell("newer version present, latest wanted", async (outcome) => {
    const at = await stage(route);
    await at.kit.place(at.home, at.kit.program(at.versions.newer));
    await at.home.configure({ ...at.kit.pin("latest"), amp_update_check_hours: 0 });
    const result = await run(at, "newer version present, latest wanted", route);
    await expectOutcome(at, result, outcome, at.versions.newer);
  });

  faultCell("server down", {}, async (at) => {
    await at.home.configure(at.kit.config(down));
    return () => {};
  });

  /** @param faults of the first requests, then of all others */
  const serverFault = (name: Case, faults: (size: number) => { first?: Fault; always?: Fault }) =>
    faultCell(name, { padding: 20_000 }, async ({ kit, server, versions }) => {
      const path = (/^\d+/.test(name) ? kit.firstPath : kit.faultAt)(versions.wanted);
      const content = await contentAt(server, path);
      const { first, always } = faults(content.length);
      server.set(path, { content, ...(first && { faults: [first] }), ...(always && { fault: always }) });
      const before = server.count(path);
      return () => {
        const requests = server.count(path) - before;
        const isRetried = always?.status !== 404;
        // npm's own: three tries for a status; a body that is cut is fetched again while npm reads it.
        if (route === "npm") expect(requests).toBeGreaterThanOrEqual(isRetried ? 2 : 1);
        else expect(requests).toBe(first ? 2 : always?.status === 429 ? 8 : isRetried ? 5 : 1);
      };
    });

  serverFault("404", () => ({ always: { status: 404 } }));
  serverFault("429 with Retry-After, then well", () => ({ first: { status: 429, retryAfter: 1 } }));
  serverFault("429 with Retry-After, always", () => ({ always: { status: 429, retryAfter: 1 } }));
  serverFault("cut at 50 %, then well", (size) => ({ first: { cutAt: Math.floor(size / 2) } }));
  serverFault("cut at 50 %, always", (size) => ({ always: { cutAt: Math.floor(size / 2) } }));

  faultCell("1 KB/s for 30 s", { padding: 1.5 * slowBytes }, async ({ kit, server, versions }) => {
    const path = kit.faultAt(versions.wanted);
    let content = await contentAt(server, path);
    // A comment makes the installer as long as the others' programs.
    if (route === "official") content = Buffer.concat([content, Buffer.from(`#${"-".repeat(slowBytes)}\n`)]);
    server.set(path, { content, fault: { trickle } });
    const before = server.count(path);
    return ({ durationMs }) => {
      expect(durationMs).toBeGreaterThan((slowBytes / trickle.bytes) * trickle.everyMs);
      expect(server.count(path) - before).toBe(1);
    };
  });

  faultCell("wrong checksum", {}, async ({ kit, server, home, contents, versions }) => {
    if (route === "npm")
      await serveNpmRegistry(server, contents, { wrongIntegrity: true, latest: versions.wanted });
    // The older one is trusted, the file that the mirror has under the wanted version is another.
    else await home.configure({ agentapi_sha256: sha256(kit.program(versions.older)) });
    return ({ stdout, stderr }) => expect(stdout + stderr).toMatch(/checksum|EINTEGRITY|corrupted/);
  });

  // The module and an older program fit, the new program does not.
  faultCell(
    "disk full",
    { padding: 12 * 1024 ** 2, tmpfsKiB: 8 * 1024 },
    async () =>
      ({ stdout, stderr }) =>
        expect(stdout + stderr).toMatch(/space/i),
    mayMount,
  );

  cell(
    "read-only home",
    async (outcome) => {
      const at = await stage(route, { tmpfsKiB: 8 * 1024 });
      await execa("mount", ["-o", "remount,ro", at.home.home]);
      const result = await run(at, "read-only home", route);
      await expectOutcome(at, result, outcome, "absent");
      expect(result.stderr).toMatch(/read-only/i);
    },
    mayMount,
  );
});

async function contentAt(server: FileServer, path: string): Promise<Buffer> {
  const response = await fetch(server.url + path);
  return Buffer.from(await response.arrayBuffer());
}

function sha256(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}
