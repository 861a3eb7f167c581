import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isRunning } from "../../src/base/process-identity.ts";
import { launchServer } from "../../src/server/launch.ts";

const supervisor = fileURLToPath(new URL("../../scripts/supervisor.sh", import.meta.url));

let folder = "";
let output = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "amp-module-launch-"));
  output = openSync(join(folder, "log"), "a");
});
afterEach(() => {
  closeSync(output);
  rmSync(folder, { recursive: true, force: true });
});

/** Launches a line of JavaScript in place of AgentAPI. */
function launch(
  script: string,
  options: { stdin?: string; cwd?: string; file?: string; supervisor?: string } = {},
) {
  return launchServer({
    command: { file: options.file ?? process.execPath, args: ["-e", script, "it's $HOME"] },
    env: { PATH: process.env["PATH"], ONLY: "this" },
    cwd: options.cwd ?? folder,
    stdin: options.stdin ?? "/dev/null",
    output,
    supervisor: { script: options.supervisor ?? supervisor, state: folder, savesState: false },
  });
}

const log = () => readFileSync(join(folder, "log"), "utf8");

const report = `
  const fs = require("node:fs");
  const files = fs.readdirSync("/proc/self/fd").map((fd) => {
    try { return [Number(fd), fs.readlinkSync("/proc/self/fd/" + fd)]; } catch { return [Number(fd), "gone"]; }
  });
  const stat = fs.readFileSync("/proc/self/stat", "utf8");
  const [, , group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  console.log(JSON.stringify({
    pid: process.pid, group, session, cwd: process.cwd(), env: process.env, argument: process.argv[1],
    stdin: fs.readFileSync(0, "utf8"), files,
  }));
  console.error("and an error");`;

test("it runs in a session of its own, with its own folder and environment, its output in the log", async () => {
  const server = await launch(report);
  expect(await server.ended).toBe("exit code 0");
  const [line = "", error] = log().split("\n");
  const seen = JSON.parse(line) as Record<string, unknown>;
  const { pid } = server.identity;
  expect(seen["pid"]).not.toBe(pid);
  expect(seen).toMatchObject({
    group: pid,
    session: pid,
    cwd: folder,
    argument: "it's $HOME",
    stdin: "",
  });
  expect(Object.keys(seen["env"] as object).sort()).toEqual(["ONLY", "PATH", "PWD"]);
  expect(error).toBe("and an error");
});

test("the hangup of a terminal is not ignored in it: by that an agent learns that its AgentAPI is gone", async () => {
  // Node itself would set it right.
  const file = join(folder, "agentapi");
  writeFileSync(file, "#!/bin/sh\ngrep SigIgn /proc/self/status\n", { mode: 0o700 });
  const server = await launch("", { file });
  expect(await server.ended).toBe("exit code 0");
  const ignored = BigInt(`0x${log().split(/\s+/)[1]}`);
  expect(ignored & 1n).toBe(0n);
});

test("stdin is the prompt's file, byte for byte", async () => {
  const prompt = "Fix `id` $(touch pwned)\n日本語";
  writeFileSync(join(folder, "prompt"), prompt);
  const server = await launch(report, { stdin: join(folder, "prompt") });
  await server.ended;
  expect(JSON.parse(log().split("\n")[0] ?? "")).toMatchObject({ stdin: prompt });
});

test("nothing of the caller stays open in it: the Coder agent would wait for that", async () => {
  const mine = openSync(join(folder, "mine"), "w");
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const targets = () => readdirSync("/proc/self/fd").map((fd) => linkOf(`/proc/self/fd/${fd}`));
  const sockets = targets().filter((target) => target.startsWith("socket:"));

  const server = await launch(report);
  await server.ended;
  const { files } = JSON.parse(log().split("\n")[0] ?? "") as { files: [number, string][] };
  expect(files.filter(([fd]) => fd <= 2)).toEqual([
    [0, "/dev/null"],
    [1, join(folder, "log")],
    [2, join(folder, "log")],
  ]);
  expect(sockets.length).toBeGreaterThan(0);
  const forbidden = [join(folder, "mine"), ...sockets];
  expect(files.filter(([, target]) => forbidden.includes(target))).toEqual([]);
  closeSync(mine);
  listener.close();
});

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

test("it knows the process for good, and how it ended", async () => {
  const server = await launch("setInterval(() => {}, 1000)");
  expect(isRunning(server.identity)).toBe(true);
  process.kill(-server.identity.pid, "SIGKILL");
  expect(await server.ended).toBe("signal SIGKILL");
  expect(isRunning(server.identity)).toBe(false);
  expect(await (await launch("process.exit(3)")).ended).toBe("exit code 3");
});

test.each([
  ["a program that is not there", { file: "/nonexistent/agentapi" }],
  ["a folder that is not there", { cwd: "/nonexistent" }],
  ["a file that is no program", { file: "/proc/version" }],
])("%s is an error with its cause and a fix", async (_, options) => {
  await expect(launch("", options)).rejects.toMatchObject({
    name: "ModuleError",
    message: expect.stringMatching(/ could not be started: .*(ENOENT|EACCES)/),
    fix: expect.stringMatching(/workdir/),
  });
});
