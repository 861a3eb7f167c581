import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Config } from "../../../src/config.ts";
import { findAgentApi } from "../agentapi.ts";
import { findRealAmp, whyNoRealAmp } from "../amp.ts";
import type { AmpServer } from "../amp-server.ts";
import { freePort } from "../free-port.ts";
import { findProcesses, type ProcessInfo } from "../processes.ts";
import { type RunOptions, runAsAgent, type ScriptResult } from "../run-script.ts";
import { SCRIPTED_AMP } from "../scripted-amp.ts";
import { placeAmp } from "../stand-ins.ts";
import { sharedToolFolder } from "../tool-folder.ts";
import { testAgentToken, testApiKey } from "../workspace.ts";
import { render, type Transport } from "./rendered.ts";
import { signal } from "./tree.ts";

const marker = "AMP_TEST_WORKSPACE";

/** About as slow as the real one: AgentAPI, the module and Amp must be caught in the middle of their work. */
const PACE = { bootMs: 700, connectingMs: 600, thinkMs: 1500 };

export interface SiteOptions {
  transport: Transport;
  /** Changes to the module's variables. */
  config?: Partial<Config>;
  env?: Record<string, string>;
  /** Amp's server, for the real Amp; without one the stand-in is placed. */
  ampServer?: AmpServer;
  /** Another instance's site, in whose home this one lives. */
  beside?: Site;
}

/** A running script. */
export interface Running {
  /** Its process group; 0 if it could not be started. */
  group: number;
  ended: Promise<ScriptResult>;
}

/** A home with one instance of the module, and a port of its own. */
export interface Site {
  root: string;
  home: string;
  moduleDir: string;
  transport: Transport;
  /** As the next start has it. */
  config: Config;
  env: Record<string, string>;
  ampServer: AmpServer | undefined;
  /** The prompts that the stand-in Amp noted on receipt. */
  record: string;
  begin(options?: Partial<RunOptions>): Running;
  start(options?: Partial<RunOptions>): Promise<ScriptResult>;
  stop(options?: Partial<RunOptions>): Promise<ScriptResult>;
  /** A log of the module directory, with or without `.log`. */
  log(name: string): Promise<string>;
  /** Every process of the home, both instances'. */
  processes(): Promise<ProcessInfo[]>;
  /** Those of this instance that the module has started. */
  own(): Promise<ProcessInfo[]>;
  /** Ends everything in the home at once, as a machine that goes away. */
  killAll(): Promise<void>;
  /** Places Amp in a home that has none. */
  placeAmp(): Promise<void>;
  /** The home is in another place from now on. */
  moveTo(home: string): void;
  /** What is to be done when nothing runs any more, and before the files go. */
  cleanups: (() => unknown)[];
  dispose(): Promise<void>;
}

const open = new Set<Site>();

/** For a campaign that is ended before its time. */
export async function disposeOpenSites(): Promise<void> {
  await Promise.all([...open].map((site) => site.dispose()));
}

export async function createSite(options: SiteOptions): Promise<Site> {
  const { transport, ampServer, beside } = options;
  const slug = options.config?.app_slug ?? "amp";
  const rendered = await render(transport, slug);
  const root = beside?.root ?? (await mkdtemp(join(tmpdir(), "amp-module-chaos-")));
  const home = beside?.home ?? join(root, "home");
  const moduleDirIn = (folder: string) =>
    join(folder, slug === "amp" ? ".amp-module" : `.amp-module-${slug}`);
  const id = beside?.env[marker] ?? randomUUID();
  const record = join(root, `received-${slug}`);
  const path = beside?.env["PATH"] ?? (await furnish(root, home, transport, ampServer));
  const env: Record<string, string> = {
    HOME: home,
    USER: "alice",
    SHELL: "/bin/bash",
    LANG: "C.UTF-8",
    PATH: path,
    CODER: "true",
    CODER_AGENT_TOKEN: testAgentToken,
    CODER_AGENT_URL: "http://127.0.0.1:9/",
    AMP_API_KEY: testApiKey,
    TMPDIR: join(root, "tmp"),
    // Pauses of a tenth: a mirror that turns everybody away is waited for three minutes.
    AMP_MODULE_RETRY_SCALE: "0.1",
    [marker]: id,
    ...(ampServer && { AMP_URL: ampServer.url }),
    ...standIn(transport, record, ampServer),
    ...options.env,
  };
  const begin = (script: string, overrides: Partial<RunOptions> = {}): Running => {
    let group = 0;
    const ended = runAsAgent(["bash", "-c", script], {
      cwd: site.home,
      timeoutMs: 120_000,
      onSpawn: (pid) => {
        group = pid;
      },
      ...overrides,
      env: { ...env, ...overrides.env },
    });
    return { group, ended };
  };
  const site: Site = {
    ...{ root, home, moduleDir: moduleDirIn(home), transport, env, ampServer, record, cleanups: [] },
    config: { ...rendered.config, agentapi_port: await freePort(), ...options.config },
    begin(overrides) {
      const { onOutput: _, ...silently } = overrides ?? {};
      for (const script of rendered.beside) begin(script, silently).ended.catch(() => {});
      return begin(rendered.start(site.config), overrides);
    },
    start: (overrides) => site.begin(overrides).ended,
    stop: (overrides) => begin(rendered.stop, overrides).ended,
    log: (name) =>
      readFile(join(site.moduleDir, name.includes(".") ? name : `${name}.log`), "utf8").catch(() => ""),
    processes: () => findProcesses(marker, id),
    own: () => findProcesses("AMP_MODULE_INSTANCE", site.moduleDir),
    async killAll() {
      for (let empty = 0; empty < 2; ) {
        const left = await site.processes();
        empty = left.length === 0 ? empty + 1 : 0;
        for (const { pid } of left) signal(pid, "SIGKILL");
      }
    },
    placeAmp: () => placeIn(site.home, transport, ampServer),
    moveTo(folder) {
      site.home = folder;
      site.moduleDir = moduleDirIn(folder);
      env["HOME"] = folder;
    },
    async dispose() {
      if (beside) return;
      open.delete(site);
      await site.killAll();
      for (const cleanUp of site.cleanups.splice(0)) await cleanUp();
      await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
  if (!beside) open.add(site);
  return site;
}

/** @returns the PATH */
async function furnish(
  root: string,
  home: string,
  transport: Transport,
  ampServer: AmpServer | undefined,
): Promise<string> {
  const bin = join(root, "bin");
  for (const folder of [home, bin, join(root, "tmp")]) await mkdir(folder, { recursive: true });
  const tools = await sharedToolFolder("usual", [], join(root, "tools"));
  const agentapi = await findAgentApi();
  if (!agentapi.real) throw new Error("this needs the real AgentAPI: there is no `agentapi` on PATH");
  await symlink(agentapi.path, join(bin, "agentapi"));
  await placeIn(home, transport, ampServer);
  return [bin, tools].join(delimiter);
}

async function placeIn(home: string, transport: Transport, ampServer: AmpServer | undefined): Promise<void> {
  if (ampServer) {
    const amp = await findRealAmp();
    if (!amp) throw new Error(`the real Amp cannot be had: ${whyNoRealAmp()}`);
    await placeAmp(home, { link: amp.path });
  } else await placeAmp(home, transport === "stream" ? { link: SCRIPTED_AMP } : "stand-in");
}

function standIn(
  transport: Transport,
  record: string,
  ampServer: AmpServer | undefined,
): Record<string, string> {
  if (ampServer) return {};
  if (transport === "terminal") return { AMP_STANDIN: JSON.stringify(PACE), AMP_STANDIN_RECORD: record };
  return {
    AMP_STREAM_LOG: record,
    // The real one names its thread only when its server works on the message.
    AMP_STREAM_BOOT_MS: String(PACE.bootMs + PACE.connectingMs),
    AMP_STREAM_THINK_MS: String(PACE.thinkMs),
  };
}
