import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { type AgentApiClient, createAgentApiClient } from "../../src/agentapi/client.ts";
import { findAgentApi, standInAgentApi } from "./agentapi.ts";
import { findRealAmp, whyNoRealAmp } from "./amp.ts";
import type { AmpServer } from "./amp-server.ts";
import { freePort } from "./free-port.ts";
import { noteAmp, realAmpProbe, standInProbe } from "./noted-amp.ts";
import { endProcesses, findProcesses, type ProcessInfo } from "./processes.ts";
import { renderModule } from "./rendered-module.ts";
import { type RunOptions, runAsAgent, type ScriptResult } from "./run-script.ts";
import { type ShellName, shellCommand } from "./shells.ts";
import {
  type AmpStandInOptions,
  placeAgentApi,
  placeAmp,
  writeCoderStandIn,
  writeNodeProgram,
} from "./stand-ins.ts";
import { type AppliedModule, applyModule, type TaskOptions } from "./terraform.ts";
import { sharedToolFolder } from "./tool-folder.ts";

/** Looks like a key; opens nothing. The module's `amp_api_key` unless a test gives another or `""`. */
export const testApiKey = "sgamp_user_test_4f7c1a90be52";
/** CODER_AGENT_TOKEN of every workspace; opens nothing. */
export const testAgentToken = "agent-token-test-8d2e6b17c3fa";

/** Carried by every process of a workspace, whatever becomes of its parent. */
const marker = "AMP_TEST_WORKSPACE";

export interface WorkspaceOptions {
  /** Module variables. Filled in where missing: `agent_id`, `workdir`, `amp_api_key`, a free `agentapi_port`. */
  variables?: Record<string, unknown>;
  /** Further environment of the agent. */
  env?: Record<string, string>;
  /** Makes the workspace a Coder Task. */
  task?: TaskOptions;
  /** Shell that gets the script as one argument; `bash` unless given. */
  shell?: ShellName;
  /** Folders in front of PATH. */
  path?: string[];
  /** PATH with a shell, coreutils and gzip only (and the names given): no JavaScript runtime, no curl. */
  hidePath?: boolean | readonly string[];
  /** Another workspace's home, as after a restart; stays when this workspace is disposed of. */
  home?: string;
  /**
   * What Amp talks to, by `amp_url`. The real Amp then holds whole conversations, and is what is placed unless `amp` says
   * otherwise. The caller closes it.
   */
  ampServer?: AmpServer;
  /** What is at `~/.amp/bin/amp`; the stand-in unless given. With another workspace's `home` nothing is placed. */
  amp?: "stand-in" | "real" | "none";
  /** How the stand-in Amp behaves. */
  standIn?: AmpStandInOptions;
  /** What is on PATH; `auto` (default) is the real AgentAPI where it can be had. */
  agentapi?: "auto" | "real" | "stand-in" | "none";
  /**
   * Nothing is spared: the real AgentAPI's terminal has the module's 1190 rows, not 200, the first start asks Amp for its
   * version and help, of which the home has a note otherwise, and Amp looks for updates.
   */
  asInProduct?: boolean;
  /** Puts a `coder` on PATH that records its calls. */
  coder?: boolean;
  /** Applies the module for this workspace alone, every variable by way of Terraform. */
  ownApply?: boolean;
}

/** A prompt that Amp was given, byte for byte. */
export interface RecordedPrompt {
  text: string;
  /** Time in milliseconds since the epoch. */
  at: number;
  /** The stand-in Amp's process; of what reached a server nobody knows. */
  pid?: number;
}

export interface Workspace {
  /** Folder of everything: `home`, `bin`, `tmp`. Nothing that the workspace may change is outside of it. */
  root: string;
  home: string;
  moduleDir: string;
  workdir: string;
  port: number;
  /** AgentAPI's address. */
  url: string;
  /** What a script's process gets, the module's `coder_env`s included. */
  env: Record<string, string>;
  /** The applied module: resources by address. */
  plan: AppliedModule["resources"];
  outputs: AppliedModule["outputs"];
  /** The template's `coder_ai_task`, which only a Task has. */
  aiTask?: AppliedModule["aiTask"];
  /** Rendered scripts as the agent receives them; those of bundles by the name of what they bring. */
  scripts: { start: string; stop: string; bundles: Record<string, string> };
  /** The AgentAPI on PATH is the real one. */
  agentApiIsReal: boolean;
  client: AgentApiClient;
  /** Runs a script as the agent does: `<shell> -c "<script>"`. */
  run(script: string, options?: Partial<RunOptions>): Promise<ScriptResult>;
  /**
   * Runs the start script and, side by side with it as the agent does, those that bring bundles.
   *
   * @throws an Error where one of these fails beside a start that does not
   */
  start(options?: Partial<RunOptions>): Promise<ScriptResult>;
  stop(options?: Partial<RunOptions>): Promise<ScriptResult>;
  /** A log of the module directory, with or without `.log`; "" where there is none. */
  log(name: string): Promise<string>;
  /** Every prompt that reached `ampServer`, or without one the stand-in Amp, oldest first. */
  prompts(): Promise<RecordedPrompt[]>;
  /** Arguments of every conversation that the stand-in Amp was started for, oldest first. */
  ampCalls(): Promise<string[][]>;
  /** How many threads the stand-in Amp was asked to open ahead. */
  openedThreads(): Promise<number>;
  /** Arguments of every call of the `coder` stand-in, oldest first. */
  coderCalls(): Promise<string[][]>;
  processes(): Promise<ProcessInfo[]>;
  /** Ends every process of the workspace and removes its files. */
  dispose(): Promise<void>;
}

/**
 * Applies the module and lays out a workspace for its scripts: a fresh home, an agent's environment and nothing
 * of this machine's own configuration.
 *
 * @throws TerraformError where the plan fails; an Error where a part that was asked for cannot be had
 */
export async function createWorkspace(options: WorkspaceOptions = {}): Promise<Workspace> {
  const root = await mkdtemp(join(tmpdir(), "amp-module-ws-"));
  const id = randomUUID();
  try {
    const amp = options.amp ?? (options.ampServer === undefined ? "stand-in" : "real");
    return await layOut({ ...options, amp }, root, id);
  } catch (error) {
    await rm(root, { recursive: true, force: true });
    throw error;
  }
}

async function layOut(options: WorkspaceOptions, root: string, id: string): Promise<Workspace> {
  const home = options.home ?? join(root, "home");
  const port = (options.variables?.["agentapi_port"] as number | undefined) ?? (await freePort());
  const variables = {
    ...(options.variables?.["folder"] === undefined && { workdir: "~/project" }),
    ...(options.variables?.["sourcegraph_amp_api_key"] === undefined && { amp_api_key: testApiKey }),
    ...(options.ampServer !== undefined && { amp_url: options.ampServer.url }),
    agentapi_port: port,
    ...options.variables,
  };
  const apply = options.ownApply ? applyModule : renderModule;
  const [applied, { tools, agentApiIsReal }] = await Promise.all([
    apply({ variables, ...(options.task && { task: options.task }) }),
    fillFolders(options, root, home),
  ]);
  const shell = await shellCommand(options.shell ?? "bash");
  if (shell === undefined) throw new Error(`this machine has no ${options.shell ?? "bash"}`);

  const records = { prompts: join(root, "prompts"), coder: join(root, "coder-calls") };
  const env: Record<string, string> = {
    HOME: home,
    USER: userInfo().username,
    LOGNAME: userInfo().username,
    SHELL: "/bin/bash",
    LANG: "C.UTF-8",
    PATH: [...(options.path ?? []), join(root, "bin"), tools].join(delimiter),
    CODER: "true",
    CODER_AGENT_TOKEN: testAgentToken,
    // Nothing listens on the discard port of loopback: a call there is refused at once.
    CODER_AGENT_URL: "http://127.0.0.1:9/",
    CODER_WORKSPACE_NAME: "dev",
    CODER_WORKSPACE_OWNER_NAME: "alice",
    CODER_WORKSPACE_AGENT_NAME: "main",
    // AgentAPI keeps uploads there; nothing of a workspace is to stay on this machine.
    TMPDIR: join(root, "tmp"),
    [marker]: id,
    // It would ask npm and a registry at its start.
    ...(!options.asInProduct && { AMP_SKIP_UPDATE_CHECK: "1" }),
    // Only the real Amp without a server draws first and gives up later: no other need live for 6 s to be believed.
    ...((options.amp !== "real" || options.ampServer !== undefined) && { AMP_MODULE_MIN_LIFE_MS: "300" }),
    AMP_STANDIN: JSON.stringify(options.standIn ?? {}),
    AMP_STANDIN_RECORD: records.prompts,
    ...coderEnv(applied.resources),
    ...options.env,
  };
  const slug = (variables as Record<string, unknown>)["app_slug"] ?? "amp";
  const moduleDir = join(home, slug === "amp" ? ".amp-module" : `.amp-module-${slug}`);
  const given = String((variables as Record<string, unknown>)["workdir"] ?? options.variables?.["folder"]);
  const url = `http://127.0.0.1:${port}`;
  const scripts = coderScripts(applied.resources);
  await noteAmpOf(options, home, moduleDir, env);

  const ampStarts = () => readLines<string[]>(`${records.prompts}-argv`);
  const isOpening = ([command, verb]: string[]) => command === "threads" && verb === "new";
  const run = (script: string, overrides: Partial<RunOptions> = {}) =>
    runAsAgent([...shell, script], { cwd: home, ...overrides, env: { ...env, ...overrides.env } });
  return {
    ...{ root, home, moduleDir, port, url, env, scripts, agentApiIsReal },
    workdir: given.replace(/^(~|\$HOME|\$\{HOME\})(?=\/|$)/, home),
    plan: applied.resources,
    outputs: applied.outputs,
    aiTask: applied.aiTask,
    // AgentAPI holds answers back for up to 32 s while a message is on its way.
    client: createAgentApiClient({ baseUrl: url, timeoutMs: 40_000 }),
    run,
    start: (overrides) => startAll(scripts, run, overrides),
    stop: (overrides) => run(scripts.stop, overrides),
    log: (name) => readText(join(moduleDir, name.endsWith(".log") ? name : `${name}.log`)),
    prompts: () =>
      options.ampServer === undefined ? readPrompts(records.prompts) : promptsOf(options.ampServer),
    ampCalls: async () => (await ampStarts()).filter((args) => !isOpening(args)),
    openedThreads: async () => (await ampStarts()).filter(isOpening).length,
    coderCalls: () => readLines<string[]>(records.coder),
    processes: () => findProcesses(marker, id),
    async dispose() {
      await endProcesses(marker, id);
      // A process that was just ended may have left a file behind while the tree was being removed.
      await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
}

/** @returns the folder of tools, and whether the AgentAPI on PATH is the real one */
async function fillFolders(
  options: WorkspaceOptions,
  root: string,
  home: string,
): Promise<{ tools: string; agentApiIsReal: boolean }> {
  const { hidePath = false, agentapi = "auto", amp = "stand-in" } = options;
  const bin = join(root, "bin");
  await Promise.all([home, bin, join(root, "tmp")].map((folder) => mkdir(folder, { recursive: true })));
  const tools = await sharedToolFolder(
    hidePath ? "bare" : "usual",
    Array.isArray(hidePath) ? hidePath : [],
    join(root, "tools"),
  );
  if (options.home === undefined && amp === "stand-in") await placeAmp(home, "stand-in");
  if (options.home === undefined && amp === "real") {
    const real = await findRealAmp();
    if (!real) throw new Error(`the real Amp cannot be had: ${whyNoRealAmp()}`);
    await placeAmp(home, { link: real.path });
  }
  if (options.coder) await writeCoderStandIn(join(bin, "coder"), join(root, "coder-calls"));
  if (agentapi === "none") return { tools, agentApiIsReal: false };
  const found = agentapi === "stand-in" ? undefined : await findAgentApi();
  if (agentapi === "real" && !found?.real) throw new Error("the real AgentAPI cannot be had: not on PATH");
  if (found?.real) await placeAgentApi(join(bin, "agentapi"), found.path, options.asInProduct ?? false);
  else await writeNodeProgram(join(bin, "agentapi"), standInAgentApi);
  return { tools, agentApiIsReal: found?.real ?? false };
}

async function noteAmpOf(
  { amp, standIn, asInProduct, ...options }: WorkspaceOptions,
  home: string,
  moduleDir: string,
  env: Record<string, string>,
): Promise<void> {
  if (asInProduct || amp === "none" || options.home !== undefined) return;
  const path = join(home, ".amp/bin/amp");
  // What decides the stand-in's version and help.
  const answers = [standIn?.help, standIn?.version, env["AMP_STANDIN_VERSION"]];
  await noteAmp(
    amp === "real" ? await realAmpProbe() : await standInProbe(path, env, answers),
    path,
    moduleDir,
  );
}

function coderEnv(resources: AppliedModule["resources"]): Record<string, string> {
  const entries = Object.values(resources).filter(({ type }) => type === "coder_env");
  return Object.fromEntries(entries.map(({ values }) => [String(values["name"]), String(values["value"])]));
}

function coderScripts(resources: AppliedModule["resources"]): Workspace["scripts"] {
  const text = (address: string) => String(resources[address]?.values["script"] ?? "");
  const bundles = Object.keys(resources).flatMap((address) => {
    const [, name] = address.match(/^coder_script\.bundle\["(.+)"\]$/) ?? [];
    return name === undefined ? [] : [[name, text(address)]];
  });
  return {
    start: text("coder_script.start"),
    stop: text("coder_script.stop"),
    bundles: Object.fromEntries(bundles),
  };
}

async function startAll(
  scripts: Workspace["scripts"],
  run: Workspace["run"],
  overrides: Partial<RunOptions> = {},
): Promise<ScriptResult> {
  const { onOutput: _, ...silently } = overrides;
  const [started, ...brought] = await Promise.all([
    run(scripts.start, overrides),
    ...Object.values(scripts.bundles).map((script) => run(script, silently)),
  ]);
  const failed = brought.find(({ exitCode, stderr }) => exitCode !== 0 || stderr !== "");
  if (started.exitCode === 0 && failed) throw new Error(`a bundle was not brought: ${failed.stderr}`);
  return started;
}

async function readPrompts(file: string): Promise<RecordedPrompt[]> {
  const lines = await readLines<{ base64: string; at: number; pid: number }>(file);
  return lines.map(({ base64, at, pid }) => ({ text: Buffer.from(base64, "base64").toString(), at, pid }));
}

async function promptsOf({ threads }: AmpServer): Promise<RecordedPrompt[]> {
  const said = [...threads.values()].flat().filter(({ role }) => role === "user");
  return said.map(({ text, at }) => ({ text, at })).sort((one, other) => one.at - other.at);
}

function readText(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}

async function readLines<T>(file: string): Promise<T[]> {
  const lines = (await readText(file)).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as T);
}
