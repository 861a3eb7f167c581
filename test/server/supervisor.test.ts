import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { endProcesses, findProcesses } from "../support/processes.ts";
import { availableShells, shellCommand } from "../support/shells.ts";

const script = fileURLToPath(new URL("../../scripts/supervisor.sh", import.meta.url));

let folder = "";
let state = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "amp-module-supervisor-"));
  state = join(folder, "state");
  mkdirSync(join(folder, "bin"));
  mkdirSync(state);
});
afterEach(async () => {
  await endProcesses("AMP_MODULE_INSTANCE", folder, 0);
  rmSync(folder, { recursive: true, force: true });
});

const logFile = () => join(folder, "agentapi-start.log");
const log = () => readFileSync(logFile(), "utf8");
const logSize = () => statSync(logFile()).size;
const pidIn = (file: string) => Number(readFileSync(join(state, file), "utf8"));
const starts = () => log().match(/^up$/gm)?.length ?? 0;

function executable(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o700 });
  return path;
}

/** Runs the supervisor over a shell script in place of AgentAPI, which says "up" first. */
function supervise(
  body: string,
  times: Partial<Record<"GIVE_UP_S" | "LONGEST_PAUSE_S" | "HEALTHY_S" | "TICK_S", number>> = {},
  shell: readonly string[] = ["/bin/sh"],
  saves: "yes" | "no" = "no",
): { child: ChildProcess; ended: Promise<number | NodeJS.Signals | null> } {
  const output = executable("run", `exec >>"${logFile()}" 2>&1; exec "$@"`);
  const server = executable("agentapi", `echo up\n${body}`);
  const env = Object.entries(times).map(([name, value]) => [`AMP_MODULE_RESTART_${name}`, String(value)]);
  const child = spawn(output, [...shell, script, state, saves, server, "server"], {
    env: { PATH: process.env["PATH"], AMP_MODULE_INSTANCE: folder, ...Object.fromEntries(env) },
    stdio: "ignore",
    detached: true,
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ?? code));
  });
  return { child, ended };
}

async function ready(): Promise<void> {
  await expect.poll(() => existsSync(logFile()) && starts()).toBe(1);
  writeFileSync(join(state, "ready"), "");
}

const shells = await availableShells();
describe.each(shells)("in %s", (name) => {
  test("no signal is ignored in AgentAPI, nor in the agent below it", async () => {
    const shell = (await shellCommand(name))?.slice(0, -1) ?? [];
    const { ended } = supervise("sh -c 'grep SigIgn /proc/self/status'", {}, shell);
    expect(await ended).toBe(0);
    expect(log()).toMatch(/SigIgn:\s+0000000000000000\n/);
  });

  test("the signal that ended AgentAPI stands in one line of the log's own, and it is started again", async () => {
    const shell = (await shellCommand(name))?.slice(0, -1) ?? [];
    supervise("exec sleep 60", {}, shell);
    await ready();
    process.kill(pidIn("agentapi.pid"), "SIGKILL");
    await expect.poll(starts).toBe(2);
    expect(log()).toMatch(
      /^up\n\S+Z WARN {2}AgentAPI or Amp ended unexpectedly \(exit code 137\): starting again at once\.\nup\n$/,
    );
  });

  test("asked to end, it ends with its AgentAPI, and between two of them at once", async () => {
    const shell = (await shellCommand(name))?.slice(0, -1) ?? [];
    const first = supervise("exec sleep 60", {}, shell);
    await ready();
    first.child.kill("SIGTERM");
    process.kill(pidIn("agentapi.pid"), "SIGTERM");
    expect(await first.ended).toBe(143);
    expect(starts()).toBe(1);

    rmSync(logFile());
    const second = supervise("sleep 0.3; exit 3", {}, shell);
    await ready();
    await expect.poll(log, { timeout: 10_000 }).toMatch(/starting again in [24] s/);
    second.child.kill("SIGTERM");
    expect(await second.ended).toBe(3);
    expect(await findProcesses("AMP_MODULE_INSTANCE", folder)).toEqual([]);
  });
});

describe.each(shells)("the log and the chat, in %s", (name) => {
  const MB = 1024 ** 2;

  test("a log that is written fast stays bounded while it is written, with its head and its end", async () => {
    const shell = (await shellCommand(name))?.slice(0, -1) ?? [];
    const fast = `for part in 1 2 3 4 5 6; do yes "part $part" | head -c ${5 * MB}; echo "end of $part"; sleep 1; done`;
    supervise(`echo first words; ${fast}; exec sleep 60`, { TICK_S: 0.2 }, shell);
    await expect.poll(() => log().includes("end of 6"), { timeout: 30_000 }).toBe(true);
    // In the middle of a cut the log is short, too.
    const isCut = () => logSize() < 4 * MB && !existsSync(`${logFile()}.tmp`);
    await expect.poll(isCut, { timeout: 10_000 }).toBe(true);
    const whole = log();
    // What is written in the very moment of a cut may stand in front of the head.
    for (const text of ["up\nfirst words\npart 1\n", "part 6\npart 6\n", "end of 6\n"])
      expect(whole.includes(text), text).toBe(true);
    expect(/^\S+Z INFO {2}The log had \d+ MB: what stood here was left out\./m.test(whole)).toBe(true);
  }, 60_000);

  test("while a start reads the log it stays as it is, and is cut afterwards, also if the start was killed", async () => {
    const shell = (await shellCommand(name))?.slice(0, -1) ?? [];
    writeFileSync(join(state, "lock"), JSON.stringify({ pid: process.pid, startedAt: "1@x" }));
    const { child } = supervise(`yes | head -c ${6 * MB}; echo whole; exec sleep 60`, { TICK_S: 0.2 }, shell);
    await expect.poll(() => existsSync(logFile()) && log().includes("whole")).toBe(true);
    await sleep(2_500);
    expect(logSize()).toBeGreaterThan(6 * MB);
    const gone = spawnSync("true").pid;
    writeFileSync(join(state, "lock"), JSON.stringify({ pid: gone, startedAt: "1@x" }));
    await expect.poll(logSize, { timeout: 10_000 }).toBeLessThan(2 * MB);
    expect(child.exitCode).toBe(null);
  }, 30_000);

  test("the chat is saved again and again, and never by an AgentAPI that was not there a tick before", async () => {
    const shell = (await shellCommand(name))?.slice(0, -1) ?? [];
    const body = "trap 'echo saved' USR1; while :; do sleep 0.1; done";
    supervise(body, { TICK_S: 0.2 }, shell, "yes");
    const saved = () => (existsSync(logFile()) ? (log().match(/saved/g)?.length ?? 0) : 0);
    await expect.poll(saved, { timeout: 20_000 }).toBeGreaterThan(1);
    expect(starts()).toBe(1);

    // Each without a handler, which SIGUSR1 would end.
    const newcomers: ChildProcess[] = [];
    for (let count = 0; count < 40; count += 1) {
      const newcomer = spawn("sleep", ["60"]);
      newcomers.push(newcomer);
      writeFileSync(join(state, "agentapi.pid.tmp"), `${newcomer.pid}\n`);
      renameSync(join(state, "agentapi.pid.tmp"), join(state, "agentapi.pid"));
      await sleep(100);
    }
    expect(newcomers.map(({ signalCode }) => signalCode)).toEqual(newcomers.map(() => null));
    for (const newcomer of newcomers) newcomer.kill();
  }, 40_000);
});

test("before it starts another AgentAPI it has the agent ended that the last one may have left", async () => {
  executable("bin/amp-module", 'echo "called: $*"');
  supervise("exec sleep 60");
  await ready();
  process.kill(pidIn("agentapi.pid"), "SIGKILL");
  await expect.poll(starts).toBe(2);
  expect(log()).toMatch(/^up\ncalled: before-restart\n\S+Z WARN .*\nup\n$/);
});

test("what the project brings unaccepted ends it, at once and after a pause; no other failure of that look does", async () => {
  executable("bin/amp-module", 'echo "called: $*"; [ ! -e "$0.no" ] || exit 3; exit 1');
  const { ended } = supervise("sleep 0.1; exit 7");
  await ready();
  // The second restart has a pause, and a look of its own behind it.
  await expect.poll(log, { timeout: 20_000 }).toMatch(/in 1 s\.\ncalled: before-restart\nup\n/);
  writeFileSync(join(folder, "bin/amp-module.no"), "");
  expect(await ended).toBe(7);
  expect(log()).toMatch(/called: before-restart\n$/);
}, 40_000);

test("the pauses grow to the longest one, and it gives up once the failure has lasted", async () => {
  const { ended } = supervise("sleep 0.2; exit 1", { GIVE_UP_S: 7, LONGEST_PAUSE_S: 2 });
  await ready();
  expect(await ended).toBe(1);
  const pauses = [...log().matchAll(/starting again (?:at|in) (\w+)/g)].map(([, pause]) => pause);
  expect(pauses.slice(0, 4)).toEqual(["once", "1", "2", "2"]);
  expect(log()).toMatch(
    /ERROR AgentAPI or Amp ended \d times within 0 minutes \(exit code 1\): giving up\.\n/,
  );
}, 30_000);

test("an AgentAPI that has lived for a while begins a new count", async () => {
  supervise(`[ -e "$0.bad" ] && exit 1; sleep 1.2; exit 1`, { HEALTHY_S: 1, GIVE_UP_S: 2 });
  await ready();
  await expect.poll(() => log().match(/at once/g)?.length ?? 0, { timeout: 15_000 }).toBeGreaterThan(3);
  expect(log()).not.toMatch(/giving up| in \d+ s/);
  writeFileSync(join(folder, "agentapi.bad"), "");
  await expect.poll(log, { timeout: 20_000 }).toMatch(/giving up/);
}, 40_000);

test("when it gives up, the command is asked for the cause; without an answer the way on is named all the same", async () => {
  const explained = executable("bin/amp-module", 'echo "explained: $*"');
  const times = { GIVE_UP_S: 1, LONGEST_PAUSE_S: 1 };
  await Promise.all([supervise("sleep 0.2; exit 7", times).ended, ready()]);
  expect(log().trimEnd().split("\n").at(-1)).toBe("explained: explain-end 7");

  rmSync(explained);
  rmSync(logFile());
  await Promise.all([supervise("sleep 0.2; exit 7", times).ended, ready()]);
  expect(log().trimEnd().split("\n").at(-1)).toMatch(/Z ERROR To fix it: .*amp-module start/);
}, 30_000);

test("a deleted state directory does not end it, a deleted module does", async () => {
  const { ended } = supervise("exec sleep 60");
  await ready();
  const first = pidIn("agentapi.pid");
  rmSync(state, { recursive: true });
  process.kill(first, "SIGKILL");
  await expect.poll(starts).toBe(2);
  await expect.poll(() => existsSync(join(state, "agentapi.pid"))).toBe(true);
  const second = pidIn("agentapi.pid");
  expect(second).not.toBe(first);
  const moved = `${folder}-moved`;
  renameSync(folder, moved);
  process.kill(second, "SIGKILL");
  expect(await ended).toBe(137);
  expect(existsSync(folder)).toBe(false);
  renameSync(moved, folder);
  expect(starts()).toBe(2);
});

test("who finds another supervisor on record leaves the field to it", async () => {
  const { ended } = supervise("sleep 0.2; exit 1");
  await ready();
  writeFileSync(join(state, "agentapi.json"), '{"pid":1,"startedAt":"x"}');
  expect(await ended).toBe(1);
  expect(log()).toMatch(/Another start has taken over/);
  expect(starts()).toBe(1);
});
