import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { lutimes, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findAgentApi } from "../agentapi.ts";
import { freePort } from "../free-port.ts";
import type { ScriptResult } from "../run-script.ts";
import type { Disk } from "./disk.ts";
import type { Mirror } from "./mirror.ts";
import { givePids } from "./pids.ts";
import type { Site } from "./site.ts";
import type { Planned } from "./steps.ts";
import { processTree, signal } from "./tree.ts";
import type { UserFiles } from "./user-files.ts";

/** Where the steps happen, and what they leave for the end. */
export interface Scene {
  sites: Site[];
  mirror: Mirror;
  disk: Disk | undefined;
  user: UserFiles;
  /** Of every script so far. */
  results: Promise<ScriptResult | Error>[];
  foreign: ChildProcess[];
  /** For the next start of an instance only. */
  nextEnv: Record<string, string>[];
  /** What damaged files hold. */
  damaged: Set<string>;
}

/** Looks like a key, and its agent dies of it. */
export const REFUSED_KEY = "sgamp_user_refused_2c7d5e9b1f08";

/** Prompts by the number of the step that gives them. */
export const promptNumber = (number: number, instance: number) =>
  `Chaos task ${number} of instance ${instance}`;

/** Lets one step happen. */
export async function happen(step: Planned, scene: Scene): Promise<void> {
  const site = scene.sites[step.instance] as Site;
  switch (step.do) {
    case "start": {
      const ended = begin(scene, step.instance);
      return void (await Promise.race([ended, sleep(step.waitMs)]));
    }
    case "stop":
      return void (await noted(scene, site.stop()));
    case "race": {
      const first = begin(scene, step.instance);
      const second = begin(scene, step.instance);
      await sleep(200);
      return void (await Promise.all([first, second, noted(scene, site.stop())]));
    }
    case "kill":
      for (const pid of (await processTree(site))[step.role]) signal(pid, step.signal);
      return;
    case "pause":
      return await pause((await processTree(site))[step.role], step.ms);
    case "suspend":
      return await pause(
        (await site.processes()).map(({ pid }) => pid),
        step.ms,
      );
    case "reboot":
      return await site.killAll();
    case "reused pids": {
      await site.killAll();
      const foreign = spawn("sleep", ["300"], { stdio: "ignore" });
      scene.foreign.push(foreign);
      for (const each of scene.sites) await givePids(each, foreign.pid ?? 0);
      return;
    }
    case "another prompt":
      site.config = { ...site.config, ai_prompt: promptNumber(step.number, step.instance) };
      return;
    case "another port":
      site.config = { ...site.config, agentapi_port: await freePort() };
      return;
    case "another mode":
      site.config = { ...site.config, mode: step.mode };
      return;
    case "corrupt":
      return await damage(join(site.moduleDir, "state", step.file), step.how, scene.damaged);
    case "late refusal":
      scene.nextEnv[step.instance] =
        site.transport === "terminal"
          ? { AMP_STANDIN: JSON.stringify({ exitAfterMs: step.afterMs }) }
          : { AMP_STREAM: "offline" };
      // The repaired key is another one.
      Object.assign(scene.nextEnv[step.instance] ?? {}, { AMP_API_KEY: REFUSED_KEY });
      return;
    case "download":
      scene.mirror.breakFor(step.of, step.fault, step.times);
      if (step.of === "amp") await rm(join(site.home, ".amp"), { recursive: true, force: true });
      else
        for (const file of [join(site.root, "bin/agentapi"), join(site.moduleDir, "bin/agentapi")])
          await rm(file, { force: true });
      return;
    case "full disk":
      return scene.disk?.fill(step.freeKiB);
    case "no inodes":
      return scene.disk?.useInodes();
    case "room again":
      return scene.disk?.free();
    case "clock":
      return await setTimes(site.home, step.years);
    case "edit settings":
      return scene.user.editSettings();
    case "edit AGENTS.md":
      return scene.user.editInstructions();
    case "another machine":
      return await moveHome(scene);
    case "wait":
      return void (await sleep(step.ms));
  }
}

/** Everything works again; what runs may end. */
export async function calmDown(scene: Scene): Promise<void> {
  scene.mirror.mend();
  scene.disk?.free();
  for (const { pid } of await (scene.sites[0] as Site).processes()) signal(pid, "SIGCONT");
  await Promise.all(scene.results);
  const agentapi = await findAgentApi();
  await symlink(agentapi.path, join((scene.sites[0] as Site).root, "bin/agentapi")).catch(() => {});
}

function begin(scene: Scene, instance: number): Promise<unknown> {
  const site = scene.sites[instance] as Site;
  const env = scene.nextEnv[instance] ?? {};
  scene.nextEnv[instance] = {};
  return noted(scene, site.begin({ env }).ended);
}

function noted(scene: Scene, result: Promise<ScriptResult>): Promise<ScriptResult | Error> {
  const noted = result.catch((error: Error) => error);
  scene.results.push(noted);
  return noted;
}

async function pause(pids: readonly number[], ms: number): Promise<void> {
  for (const pid of pids) signal(pid, "SIGSTOP");
  await sleep(ms);
  for (const pid of pids) signal(pid, "SIGCONT");
}

async function damage(path: string, how: "cut" | "garbage" | "empty", damaged: Set<string>): Promise<void> {
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes === undefined) return;
  const left = { cut: bytes.subarray(0, bytes.length / 2), garbage: Buffer.from("\0\xff{[<"), empty: "" }[
    how
  ];
  damaged.add(left.toString());
  await writeFile(path, left).catch(() => {});
}

async function setTimes(folder: string, years: number): Promise<void> {
  const time = new Date(Date.now() + years * 365.25 * 86_400_000);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []))
    await lutimes(join(entry.parentPath, entry.name), time, time).catch(() => {});
}

/** The same home under another path, as after a move of its volume; the boot is another one. */
async function moveHome({ sites, disk, user }: Scene): Promise<void> {
  const [first] = sites as [Site];
  await first.killAll();
  for (const { moduleDir } of sites) {
    const record = join(moduleDir, "state/agentapi.json");
    const text = await readFile(record, "utf8").catch(() => "");
    if (text !== "")
      await writeFile(record, text.replace(/@[0-9a-f-]{36}/, `@${randomUUID()}`)).catch(() => {});
  }
  // A mounted home stays where it is.
  if (disk) return;
  const moved = join(first.root, `home-${randomUUID().slice(0, 8)}`);
  await rename(first.home, moved);
  for (const site of sites) site.moveTo(moved);
  user.moveTo(moved);
}
