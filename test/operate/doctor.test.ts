import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { identifyProcess } from "../../src/base/process-identity.ts";
import { doctor } from "../../src/operate/doctor.ts";
import { writeServerRecord } from "../../src/server/record.ts";
import { type ExampleContext, exampleContext } from "../start/example.ts";
import { defaultVersion } from "../support/default-release.ts";
import { freePort } from "../support/free-port.ts";

const key = "sgamp_user_0123456789abcdef";
const ends: (() => unknown)[] = [];
let context: ExampleContext;
let printed: string[];

/** A workspace where everything is as it should be. */
beforeEach(async () => {
  printed = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
  const port = await serve((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ status: "stable", agent_type: "amp", transport: "pty" }));
  });
  context = exampleContext({ agentapi_port: port }, { AMP_API_KEY: key });
  const { paths } = context;
  mkdirSync(join(paths.home, "project"));
  context.env["PATH"] = `${join(paths.home, "path")}:/usr/bin:/bin`;
  program(
    join(paths.home, ".amp/bin/amp"),
    '[ "$1" = --version ] && echo 0.0.1790142911-g7618fb || echo "Usage: amp"',
  );
  program(paths.agentapi, `echo agentapi version ${defaultVersion}`);
  program(join(paths.home, "path/coder"), "exit 0");
  write(paths.ampSettings, '{\n  // mine\n  "amp.showCosts": true,\n}\n');
  write(paths.installLog, "2026-09-23T10:00:00.000Z INFO  Amp 0.0.1 is there.\n");
  write(paths.startLog, "2026-09-23T10:00:00.000Z INFO  Amp is ready.\n");
  await recordServer();
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const end of ends.splice(0)) end();
  rmSync(context.paths.home, { recursive: true, force: true });
});

async function serve(answer: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function program(path: string, body: string): void {
  write(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

async function recordServer(cwd?: string): Promise<void> {
  const identity = identifyProcess(await runServer({}, cwd));
  if (!identity) throw new Error("the process is gone");
  const rest = { port: context.config.agentapi_port, configuration: "c", isReady: true };
  writeServerRecord(context.paths.running, { ...identity, ...rest });
}

/** A process that looks like AgentAPI. */
async function runServer(env: Record<string, string>, cwd?: string): Promise<number> {
  const args = ["-e", "setInterval(() => {}, 1000)", "/opt/agentapi", "server", "--"];
  const child = spawn(process.execPath, args, { env, cwd });
  ends.push(() => child.kill("SIGKILL"));
  await new Promise((resolve) => child.once("spawn", resolve));
  return child.pid ?? 0;
}

/** What doctor prints about `subject`, and whether it found everything in order. */
async function examine(subject: string): Promise<{ healthy: boolean; line: string; all: string }> {
  const healthy = await doctor(context);
  const line = printed.find((text) => text.includes(`  ${subject}`)) ?? "";
  return { healthy, line, all: printed.join("\n") };
}

test("a workspace in order: every part is named with its version and place, nothing is wrong", async () => {
  const { healthy, all } = await examine("");
  expect(all).not.toMatch(/WRONG|note/);
  expect(healthy).toBe(true);
  const { paths } = context;
  for (const part of [
    `module directory: ${paths.moduleDir}`,
    `Amp: 0.0.1790142911-g7618fb in ${paths.home}/.amp/bin/amp`,
    "API key: AMP_API_KEY is set",
    `AgentAPI: ${defaultVersion} in ${paths.agentapi}`,
    `settings: ${paths.ampSettings}`,
    `workdir: ${paths.home}/project`,
    "progress reports: through",
    `answers on port ${context.config.agentapi_port}, the agent is stable`,
    `log: ${paths.installLog} has no warning`,
    "Nothing is wrong.",
  ]) {
    expect(all).toContain(part);
  }
});

const wrong: [string, string, () => unknown, RegExp][] = [
  [
    "an open module directory",
    "module directory",
    () => chmodSync(context.paths.moduleDir, 0o755),
    /chmod 700 /,
  ],
  [
    "no Amp",
    "Amp:",
    () => rmSync(join(context.paths.home, ".amp"), { recursive: true }),
    /amp-module install/,
  ],
  [
    "no Amp that the module may install",
    "Amp:",
    () => {
      rmSync(join(context.paths.home, ".amp"), { recursive: true });
      context.config.install_amp = false;
    },
    /install_amp = true/,
  ],
  [
    "an Amp that does not run",
    "Amp:",
    () => program(join(context.paths.home, ".amp/bin/amp"), "exit 1"),
    /does not run.*exit code 1.*amp-module install/s,
  ],
  [
    "an AgentAPI that does not run",
    "AgentAPI:",
    () => program(context.paths.agentapi, "exit 1"),
    /amp-module install/,
  ],
  [
    "no settings",
    "settings:",
    () => rmSync(context.paths.ampSettings),
    /does not exist.*amp-module install/s,
  ],
  [
    "broken settings",
    "settings:",
    () => write(context.paths.ampSettings, '{"a": '),
    /not valid JSON.*Correct it/s,
  ],
  [
    "no server",
    "server:",
    async () => {
      rmSync(context.paths.running);
      context.config.agentapi_port = await freePort();
    },
    /does not run.*amp-module start/s,
  ],
  [
    "a port that another program has",
    "server:",
    () => rmSync(context.paths.running),
    new RegExp(`is taken by pid ${process.pid} .*agentapi_port`, "s"),
  ],
  [
    "a server that does not answer",
    "server:",
    async () => {
      context.config.agentapi_port = await freePort();
    },
    /gives no answer.*amp-module stop.*amp-module start/s,
  ],
  [
    "a server that hangs",
    "server:",
    async () => {
      context.config.agentapi_port = await serve(() => {});
    },
    /hangs: it runs but answers nothing.*amp-module stop.*amp-module start/s,
  ],
  [
    "a server of ours that no record names",
    "server:",
    async () => {
      rmSync(context.paths.running);
      await runServer({ AMP_MODULE_INSTANCE: context.paths.moduleDir });
    },
    /of this module \(pid \d+\) has lost its supervisor or its record.*amp-module start/s,
  ],
];

test.each(wrong)("%s is wrong, and the way to fix it is named", async (_, subject, break_, words) => {
  await break_();
  const { healthy, line, all } = await examine(subject);
  expect(line).toMatch(/^WRONG {2}/);
  expect(line).toMatch(words);
  expect(line).toContain("To fix it: ");
  expect(healthy).toBe(false);
  expect(all.match(/^WRONG/gm)).toHaveLength(1);
  expect(all).toContain("Something is wrong");
});

const project = () => join(context.paths.home, "project");

const workdirs: [string, () => unknown, RegExp][] = [
  [
    "that is a file",
    () => {
      rmSync(project(), { recursive: true });
      write(project(), "");
    },
    /project is a file, not a folder.*Set workdir/s,
  ],
  [
    "that was deleted while the agent runs",
    () => rmSync(project(), { recursive: true }),
    /project was deleted while the agent runs.*amp-module stop.*amp-module start/s,
  ],
  [
    "that was deleted and made again while the agent runs",
    async () => {
      await recordServer(project());
      rmSync(project(), { recursive: true });
      mkdirSync(project());
    },
    /project was deleted while the agent runs.*amp-module stop.*amp-module start/s,
  ],
];

test.each(workdirs)("a workdir %s is wrong", async (_, break_, words) => {
  await break_();
  const { healthy, line } = await examine("workdir:");
  expect(line).toMatch(/^WRONG {2}/);
  expect(line).toMatch(words);
  expect(healthy).toBe(false);
});

test("a workdir that the next start creates is a note", async () => {
  rmSync(project(), { recursive: true });
  context.config.enable_agentapi = false;
  rmSync(context.paths.running);
  expect(await examine("workdir:")).toMatchObject({
    healthy: true,
    line: expect.stringMatching(/^note .*creates it/),
  });
});

const notes: [string, string, () => unknown, RegExp][] = [
  ["no key", "API key", () => delete context.env["AMP_API_KEY"], /somebody has logged in.*amp_api_key/s],
  [
    "no coder",
    "progress reports",
    () => rmSync(join(context.paths.home, "path/coder")),
    /no `coder` command on PATH/,
  ],
  [
    "a server that is busy with a message",
    "server:",
    async () => {
      context.config.agentapi_port = await serve(({ url }, response) => {
        if (url !== "/events") return;
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write('event: status_change\ndata: {"status":"running","agent_type":"amp"}\n\n');
      });
    },
    /is busy with a message/,
  ],
  [
    "a log with a warning and an error",
    "log:",
    () =>
      write(
        context.paths.installLog,
        "2026-09-23T10:00:00.000Z INFO  fine\n2026-09-23T10:00:01.000Z WARN  slow mirror\n2026-09-23T10:00:02.000Z ERROR no disk\n",
      ),
    /WARN {2}slow mirror\n.*ERROR no disk$/,
  ],
];

test.each(notes)("%s is a note, and nothing is wrong", async (_, subject, change, words) => {
  await change();
  const { healthy, line } = await examine(subject);
  expect(line).toMatch(/^note {3}/);
  expect(line).toMatch(words);
  expect(line).not.toContain("fine");
  expect(healthy).toBe(true);
});

const ampBody = (version: string) => `[ "$1" = --version ] && echo ${version} || echo "Usage: amp"`;

test("a prebaked Amp and AgentAPI are found where the install finds them", async () => {
  const { paths } = context;
  rmSync(join(paths.home, ".amp"), { recursive: true });
  rmSync(paths.agentapi);
  paths.prebaked = join(paths.home, "prebaked");
  program(join(paths.prebaked, "bin/amp"), ampBody("0.0.3-gabc"));
  program(join(paths.prebaked, "bin/agentapi"), `echo agentapi version ${defaultVersion}`);
  const { healthy, all } = await examine("");
  expect(all).toContain(`Amp: 0.0.3-gabc in ${paths.prebaked}/bin/amp`);
  expect(all).toContain(`AgentAPI: ${defaultVersion} in ${paths.prebaked}/bin/agentapi`);
  expect(healthy).toBe(true);
});

test.each([
  ["::", true],
  ["0.0.0.0", true],
  ["127.0.0.1", false],
])("a server that listens on %s is said to be open to others: %s", async (host, isOpen) => {
  const open = createServer();
  await new Promise<void>((resolve) => open.listen(0, host, resolve));
  ends.push(() => open.close());
  context.config.agentapi_port = (open.address() as AddressInfo).port;
  const { all } = await examine("");
  const said = /note {3}reach: .*every address.*\n *To fix it: Close port \d+ to other machines/;
  if (isOpen) expect(all).toMatch(said);
  else expect(all).not.toContain("reach:");
});

test("without a wanted AgentAPI neither it nor its server is missed", async () => {
  context.config.enable_agentapi = false;
  context.config.agentapi_port = await freePort();
  rmSync(context.paths.agentapi);
  rmSync(context.paths.running);
  const { healthy, all } = await examine("");
  expect(all).not.toMatch(/WRONG/);
  expect(all).toContain("enable_agentapi is false");
  expect(healthy).toBe(true);
});

test.each([
  "no AgentAPI",
  "an AgentAPI that does not run",
])("%s that the module may not install: `install` is not offered, the variable is", async (name) => {
  const { paths, config } = context;
  config.install_agentapi = false;
  if (name === "no AgentAPI") rmSync(paths.agentapi);
  else program(paths.agentapi, "echo broken; exit 1");
  const { line, healthy } = await examine("AgentAPI:");
  expect(line).toMatch(/^WRONG {2}.*No working AgentAPI was found/);
  expect(line).toMatch(/install_agentapi = true/);
  expect(line).not.toContain("amp-module install");
  if (name !== "no AgentAPI") expect(line).toMatch(/does not run: exit code 1: broken/);
  expect(healthy).toBe(false);
});

test("an Amp that does not run and may not be installed: `install` is not offered", async () => {
  context.config.install_amp = false;
  program(join(context.paths.home, ".amp/bin/amp"), "exit 1");
  const { line } = await examine("Amp:");
  expect(line).toMatch(/does not run: .*exit code 1/);
  expect(line).toMatch(/install_amp = true/);
  expect(line).not.toContain("amp-module install");
});

test.each([
  [true, /amp-module install/],
  [false, /install_amp = true/],
])("a version other than the pinned one is a note, install_amp = %s", async (install_amp, fix) => {
  Object.assign(context.config, { install_amp, amp_version: "9.9.9" });
  const { line, healthy } = await examine("Amp:");
  expect(line).toMatch(/^note {3}Amp: 0\.0\.1790142911-g7618fb in .*, wanted 9\.9\.9/);
  expect(line).toMatch(fix);
  expect(healthy).toBe(true);
});

test("an AgentAPI with another checksum than the wanted one is not called in order", async () => {
  context.config.agentapi_sha256 = "0".repeat(64);
  expect((await examine("AgentAPI:")).line).toMatch(/^WRONG.*has not the checksum.*amp-module install/s);
});

test("doctor leaves the probe of the Amp that the next start takes alone", async () => {
  const { paths } = context;
  program(join(paths.home, "path/amp"), ampBody("9.9.9"));
  writeFileSync(paths.ampProbe, "kept");
  await examine("Amp:");
  expect(readFileSync(paths.ampProbe, "utf8")).toBe("kept");
});

test("without wanted reports a missing coder is no matter", async () => {
  rmSync(join(context.paths.home, "path/coder"));
  context.config.report_tasks = false;
  expect((await examine("progress")).all).not.toMatch(/progress reports/);
});

test("a working Amp behind a broken one is found", async () => {
  program(
    join(context.paths.home, "path/amp"),
    '[ "$1" = --version ] && echo 0.0.2-gabc || echo "Usage: amp"',
  );
  program(join(context.paths.home, ".amp/bin/amp"), "exit 1");
  expect((await examine("Amp:")).line).toContain(`0.0.2-gabc in ${context.paths.home}/path/amp`);
});

test("no secret is shown, also not one that a log or a broken program repeats", async () => {
  write(context.paths.startLog, `2026-09-23T10:00:00.000Z ERROR key ${key} refused\n`);
  program(context.paths.agentapi, `echo "agentapi ${key}"`);
  const { all } = await examine("");
  expect(all).toContain("refused");
  expect(all).not.toContain(key);
});
