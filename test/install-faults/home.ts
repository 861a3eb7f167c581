import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll } from "vitest";
import type { Config } from "../../src/config.ts";
import { freePort } from "../support/free-port.ts";
import { payloadText, withPayload } from "../support/payload.ts";
import { findProcesses, type ProcessInfo } from "../support/processes.ts";
import { renderModule } from "../support/rendered-module.ts";
import { type RunOptions, runAsAgent, type ScriptResult } from "../support/run-script.ts";
import { moduleRoot } from "../support/terraform.ts";
import { sharedToolFolder } from "../support/tool-folder.ts";
import { testApiKey } from "../support/workspace.ts";

const marker = "AMP_TEST_WORKSPACE";
/** A space, a quote and letters outside of ASCII: every test here has such a home. */
const awkwardName = "Zoë's höme";

export interface HomeOptions {
  /** Variables of the module, by name. */
  config?: Partial<Config>;
  env?: Record<string, string>;
  /** Programs in a folder in front of PATH, by name. */
  path?: Record<string, string>;
  /** PATH with coreutils only (and the names given) instead of a usual image's tools. */
  bare?: readonly string[];
  /** Mounts a tmpfs of so many KiB as the home; needs root. */
  tmpfsKiB?: number;
}

export interface Home {
  /** Holds the home and everything else of the test. */
  root: string;
  home: string;
  moduleDir: string;
  port: number;
  env: Record<string, string>;
  /** The rendered start script with this home's variables in its payload. */
  startScript: string;
  /** Changes variables, as a new template version does. */
  configure(config: Partial<Config>): Promise<void>;
  /** Runs `amp-module <arguments>` of the module directory. */
  cli(args: string | readonly string[], options?: Partial<RunOptions>): Promise<ScriptResult>;
  /** Runs the whole start script as the Coder agent does. */
  start(options?: Partial<RunOptions>): Promise<ScriptResult>;
  run(command: readonly string[], options?: Partial<RunOptions>): Promise<ScriptResult>;
  log(name?: string): Promise<string>;
  processes(): Promise<ProcessInfo[]>;
  dispose(): Promise<void>;
}

let rendered: Promise<string> | undefined;

/**
 * A home with the module unpacked as its start script does it, but for the variables given: with no Terraform of its
 * own, hundreds of homes cost little.
 */
export async function createHome(options: HomeOptions = {}): Promise<Home> {
  rendered ??= render();
  const script = await rendered;
  const root = await realpath(await mkdtemp(join(tmpdir(), "amp-module-home-")));
  const home = join(root, awkwardName);
  const id = randomUUID();
  await mkdir(home);
  if (options.tmpfsKiB) {
    await execa("mount", ["-t", "tmpfs", "-o", `size=${options.tmpfsKiB}k,mode=755`, "tmpfs", home]);
  }
  await mkdir(join(root, "tmp"));
  for (const [name, content] of Object.entries(options.path ?? {})) {
    await mkdir(join(root, "path"), { recursive: true });
    await writeFile(join(root, "path", name), content, { mode: 0o755 });
  }
  const port = await freePort();
  const env: Record<string, string> = {
    HOME: home,
    USER: "alice",
    SHELL: "/bin/bash",
    LANG: "C.UTF-8",
    PATH: `${join(root, "path")}:${await tools(options.bare)}`,
    CODER: "true",
    CODER_AGENT_URL: "http://127.0.0.1:9/",
    AMP_API_KEY: testApiKey,
    TMPDIR: join(root, "tmp"),
    [marker]: id,
    // npm waits 10 s and then 60 s between its tries; how long is the user's setting, and this user is impatient.
    npm_config_fetch_retry_mintimeout: "100",
    npm_config_fetch_retry_maxtimeout: "200",
    npm_config_update_notifier: "false",
    // The stand-in Amp does not draw first and die later, as the real one does offline.
    AMP_MODULE_MIN_LIFE_MS: "300",
    ...options.env,
  };
  const moduleDir = join(home, ".amp-module");
  let config: Config = { ...JSON.parse(payloadText(script)), agentapi_port: port, ...options.config };
  const run: Home["run"] = (command, overrides = {}) =>
    runAsAgent(command, { cwd: home, timeoutMs: 120_000, ...overrides, env: { ...env, ...overrides.env } });

  const result: Home = {
    ...{ root, home, moduleDir, port, env },
    get startScript() {
      return withPayload(script, config);
    },
    async configure(changes) {
      config = { ...config, ...changes };
      await writeFile(join(moduleDir, "config.json"), JSON.stringify(config));
    },
    cli: (args, overrides) => run([join(moduleDir, "bin/amp-module"), ...[args].flat()], overrides),
    start: (overrides) => run(["bash", "-c", result.startScript], overrides),
    run,
    log: (name = "install") => readFile(join(moduleDir, `${name}.log`), "utf8").catch(() => ""),
    processes: () => findProcesses(marker, id),
    async dispose() {
      await killTree(result);
      if (options.tmpfsKiB) await execa("umount", ["-l", home]);
      await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
  await cp(await unpacked(script), moduleDir, { recursive: true });
  // What people use comes with a script of its own.
  await cp(join(moduleRoot, "scripts/amp-tools.br85"), join(moduleDir, "bin/amp-tools.br85"));
  await result.configure({});
  return result;
}

/** Ends every process of a home at once, as a container that is killed. */
export async function killTree(home: Home): Promise<void> {
  for (let empty = 0; empty < 2; ) {
    const left = await home.processes();
    empty = left.length === 0 ? empty + 1 : 0;
    for (const { pid } of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended in between.
      }
    }
  }
}

/** What no run may leave behind: temporary files, installers' folders, npm prefixes that nothing points to. */
export async function leftovers(home: Home): Promise<string[]> {
  const names = await listTree(home.home);
  const current = (await readlinkOrEmpty(join(home.moduleDir, "npm"))) || "-";
  return names.filter(
    (name) =>
      !name.includes("/node_modules/") &&
      !name.includes("/.npm/") &&
      (/\.tmp$|\.part$|\.new$|\/\.installer-|state\/lock/.test(name) ||
        (/\.amp-module\/(stage|npm)-[^/]+$/.test(name) && !name.endsWith(current))),
  );
}

/** Paths of everything below a folder. */
export async function listTree(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.map((entry) => join(entry.parentPath, entry.name));
}

/** The first line that a program prints for `--version`, or why it does not run. */
export async function versionOf(home: Home, path: string): Promise<string> {
  if (!(await stat(path).catch(() => undefined))?.isFile()) return "absent";
  const { exitCode, stdout } = await home.run([path, "--version"]);
  return exitCode === 0 ? (stdout.match(/\d+\.\d+\.\d+\S*/)?.[0] ?? "no version") : `exit code ${exitCode}`;
}

async function readlinkOrEmpty(path: string): Promise<string> {
  return (await realpath(path).catch(() => "")).split("/").at(-1) ?? "";
}

async function render(): Promise<string> {
  const { resources } = await renderModule({ variables: { workdir: "~/project", amp_api_key: testApiKey } });
  return String(resources["coder_script.start"]?.values["script"]);
}

let template: Promise<string> | undefined;

/** A module directory as the start script leaves it before it hands over. */
function unpacked(script: string): Promise<string> {
  template ??= (async () => {
    const home = await untilEnd("template");
    const unpackOnly = script.replace(/^exec .*$/m, "exit 0");
    await execa("sh", ["-c", unpackOnly], { env: { HOME: home } });
    return join(home, ".amp-module");
  })();
  return template;
}

/** Links to this machine's tools. */
async function tools(bare: readonly string[] | undefined): Promise<string> {
  return sharedToolFolder(bare ? "bare" : "usual", bare ?? [], await otherwise());
}

/** Where they are if no run has been opened. */
let ownTools: Promise<string> | undefined;
function otherwise(): Promise<string> {
  ownTools ??= untilEnd("tools");
  return ownTools;
}

const shared: string[] = [];
// Hooks run last in, first out: every home of the test file is gone by then.
afterAll(() => {
  for (const folder of shared) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is removed when the test file has ended. */
async function untilEnd(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `amp-module-${name}-`));
  shared.push(folder);
  return folder;
}
