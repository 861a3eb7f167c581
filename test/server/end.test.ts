import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import {
  commandLineOf,
  identifyProcess,
  isRunning,
  type ProcessIdentity,
} from "../../src/base/process-identity.ts";
import { endAll, endServer } from "../../src/server/end.ts";
import { isPortTaken } from "../../src/server/port-holder.ts";
import { freePort } from "../support/free-port.ts";

const started: ProcessIdentity[] = [];
const children = new Map<number, ChildProcess>();
afterEach(() => {
  for (const identity of started.splice(0)) if (isRunning(identity)) process.kill(identity.pid, "SIGKILL");
});

/**
 * Node that runs the first script, a child of it that runs the second, and so on; each in a session of its own. A script
 * may come with further words for its command line.
 */
async function family(...scripts: (string | string[])[]): Promise<ProcessIdentity[]> {
  const [first = ""] = scripts;
  const [, ...words] = [first].flat();
  const code = `
    const [[script = ""], ...below] = JSON.parse(process.argv[1]).map((one) => [one].flat());
    eval(script);
    process.stdout.write(process.pid + "\\n");
    if (below.length > 0) {
      const { spawn } = require("node:child_process");
      spawn(process.execPath, ["-e", process.env.CODE, JSON.stringify(below), ...below[0].slice(1)],
        { stdio: "inherit", detached: true });
    }
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["-e", code, JSON.stringify(scripts), ...words], {
    env: { ...process.env, CODE: code },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  children.set(child.pid ?? 0, child);
  let text = "";
  await new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.trim().split("\n").length === scripts.length) resolve();
    });
  });
  child.stdout.destroy();
  const members = text
    .trim()
    .split("\n")
    .flatMap((pid) => identifyProcess(Number(pid)) ?? []);
  started.push(...members);
  expect(members).toHaveLength(scripts.length);
  return members;
}

const root = ([first]: ProcessIdentity[]) => first as ProcessIdentity;
const obedient = `process.on("SIGTERM", () => process.exit(0))`;
const deaf = `process.on("SIGTERM", () => {})`;
/** Ends its only child first, as AgentAPI ends its agent. */
const considerate = `process.on("SIGTERM", () => {
  const { execFileSync } = require("node:child_process");
  const children = require("node:fs").readFileSync("/proc/self/task/" + process.pid + "/children", "utf8").trim();
  for (const pid of children.split(" ").filter(Boolean)) process.kill(Number(pid), "SIGTERM");
  process.exit(0);
})`;

test("a server that ends its agent itself is not killed", async () => {
  const members = await family(considerate, obedient);
  expect(await endServer(root(members), 10_000)).toBe("ended");
  expect(members.filter(isRunning)).toEqual([]);
});

test("a deaf server is killed after the grace period, and everything below it", async () => {
  const members = await family(deaf, deaf, deaf);
  expect(await endServer(root(members), 100)).toBe("killed");
  expect(members.filter(isRunning)).toEqual([]);
});

test("a deaf grandchild is killed though its parents have gone", async () => {
  const members = await family(considerate, obedient, deaf);
  expect(await endServer(root(members), 300)).toBe("killed");
  expect(members.filter(isRunning)).toEqual([]);
});

test("of several processes the one above is asked first: it has its own way to end the one below", async () => {
  const slow = `process.on("SIGTERM", () => setTimeout(() => process.exit(0), 300))`;
  const hasty = `process.on("SIGTERM", () => process.exit(0))`;
  const members = await family(slow, hasty);
  const ending = endAll(members.toReversed(), 10_000);
  await sleep(150);
  expect(members.filter(isRunning)).toEqual(members);
  expect(await ending).toBe("ended");
  expect(members.filter(isRunning)).toEqual([]);
});

test("what the agent has put into the background is asked to end, too, and not waited for", async () => {
  const members = await family(considerate, obedient, obedient);
  // Who waited for it until the time is over would kill.
  expect(await endServer(root(members), 10_000)).toBe("ended");
  expect(members.filter(isRunning)).toEqual([]);
});

test("what the server starts while it should end is killed, too", async () => {
  // Prints nothing; the child is found by its unique argument.
  const mark = `late-${process.pid}-${Date.now()}`;
  const members = await family(`process.on("SIGTERM", () => {
    require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "${mark}"],
      { stdio: "ignore", detached: true });
  })`);
  expect(await endServer(root(members), 700)).toBe("killed");
  expect(findByArgument(mark)).toEqual([]);
});

/** An AgentAPI as the real one is: it stops listening at the first SIGTERM, then waits for its agent and connections. */
const agentapi = (port: number) => `
  const server = require("node:http").createServer((_, response) => response.write("event"));
  server.listen(${port}, "127.0.0.1");
  process.once("SIGTERM", () => setTimeout(() => server.close(), 200));`;
test("once AgentAPI no longer listens nobody waits for it and its connections", async () => {
  const port = await freePort();
  const members = await family("", [agentapi(port), "agentapi", "server", "--port", `${port}`], obedient);
  await expect.poll(() => isPortTaken(port)).toBe(true);
  const connection = get({ port, host: "127.0.0.1" }, (response) => response.resume()).on("error", () => {});
  await new Promise((resolve) => connection.once("response", resolve));
  expect(await endServer(root(members.slice(1)), 60_000)).toBe("ended");
  expect(members.slice(1).filter(isRunning)).toEqual([]);
}, 60_000);

test("an AgentAPI that is stopped is woken, so that it can save", async () => {
  const port = await freePort();
  const members = await family([agentapi(port), "agentapi", "server", "--port", `${port}`]);
  await expect.poll(() => isPortTaken(port)).toBe(true);
  process.kill(root(members).pid, "SIGSTOP");
  expect(await endServer(root(members), 60_000)).toBe("ended");
  expect(members.filter(isRunning)).toEqual([]);
}, 60_000);

test("a pid that belongs to another process by now is not touched", async () => {
  const members = await family(obedient);
  const other = { ...root(members), startedAt: "another time" };
  expect(await endServer(other, 50)).toBe("ended");
  expect(members.filter(isRunning)).toEqual(members);
});

function findByArgument(mark: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => commandLineOf(Number(pid))?.includes(mark) && identifyProcess(Number(pid)));
}

test("a runner is asked once, and takes its leave before anybody asks again", async () => {
  const leave = `let asked = 0;
    process.on("SIGTERM", () => { asked += 1; setTimeout(() => process.exit(asked), 600); });`;
  const [runner] = await family([leave, "--no-tui"]);
  const ended = new Promise((resolve) => children.get(runner?.pid ?? 0)?.once("exit", resolve));
  expect(await endServer(runner as ProcessIdentity)).toBe("ended");
  expect(await ended).toBe(1);
});
