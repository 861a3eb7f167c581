import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { dirname, join } from "node:path";
import { identifyProcess } from "../../../src/base/process-identity.ts";
import { createRedact } from "../../../src/base/redact.ts";
import type { Config } from "../../../src/config.ts";
import type { Examined, Finding, System } from "../../../src/operate/doctor/check.ts";
import { examine, type Report } from "../../../src/operate/doctor/examine.ts";
import { toJson } from "../../../src/operate/doctor/json.ts";
import { render } from "../../../src/operate/doctor/render.ts";
import { writeServerRecord } from "../../../src/server/record.ts";
import { packed } from "../../../tools/packed.ts";
import { type ExampleContext, exampleContext } from "../../start/example.ts";
import { defaultVersion } from "../../support/default-release.ts";

/** In every secret of these tests. */
export const CANARY = "CANARY0123456789";
export const testKey = `sgamp_user_${CANARY}`;

/** A workspace to break something in. What is started for it ends with `dispose`. */
export interface Workspace extends ExampleContext, Examined {
  config: Config;
  system: System;
  /** What Amp's server answers. */
  ampServer: { answer: RequestListener };
  write(path: string, text: string): void;
  program(path: string, body: string): void;
  /** Serves on loopback. @returns the port */
  serve(answer: RequestListener, host?: string): Promise<number>;
  /** Accepts connections and says nothing. @returns the port */
  serveSilence(): Promise<number>;
  /** A process that looks like AgentAPI, on record unless `env` says otherwise. */
  runServer(options?: { cwd?: string; env?: Record<string, string>; isRecorded?: boolean }): Promise<number>;
  /** Ends what it returns with the test. */
  atEnd(end: () => unknown): void;
  dispose(): void;
}

export const ampVersion = "0.0.1790142911-g7618fb";

/** An Amp that names its version; what else it is asked for, `commands` answers (a shell's case branches). */
export function ampBody(version = ampVersion, commands = ""): string {
  return `case "$*" in
  --version) echo ${version} ;;
  --help) printf 'Usage: amp\\n\\n  -m, --mode <mode>  Set the agent mode (low, medium, high)\\n  -l, --label <label>\\n' ;;
  ${commands}
esac`;
}

/** Everything is as it should be. */
export async function healthyWorkspace(): Promise<Workspace> {
  const context = exampleContext({}, { AMP_API_KEY: testKey, CODER_AGENT_TOKEN: `token-${CANARY}` });
  const { paths, env } = context;
  const ends: (() => unknown)[] = [() => rmSync(paths.home, { recursive: true, force: true })];

  const listen = async (server: Server | ReturnType<typeof createTcpServer>, host: string) => {
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return (server.address() as AddressInfo).port;
  };
  const workspace: Workspace = {
    ...context,
    now: () => new Date(),
    redact: createRedact({ ...env, PROXY_PASSWORD: `proxy-${CANARY}` }),
    system: {
      uid: process.getuid?.(),
      room: () => ({ bytes: 10 * 1024 ** 3, inodes: 1_000_000 }),
      isWritable: () => true,
      managedSettings: join(paths.home, "managed-settings.json"),
    },
    ampServer: { answer: (_, response) => json(response, 200, { ok: true, result: { id: "user" } }) },
    write(path, text) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    },
    program(path, body) {
      workspace.write(path, `#!/bin/sh\n${body}\n`);
      chmodSync(path, 0o755);
    },
    async serve(answer, host = "127.0.0.1") {
      const server = createServer(answer);
      ends.unshift(() => {
        server.closeAllConnections();
        server.close();
      });
      return listen(server, host);
    },
    async serveSilence() {
      const sockets: { destroy(): void }[] = [];
      const server = createTcpServer((socket) => sockets.push(socket.on("error", () => {})));
      ends.unshift(() => {
        for (const socket of sockets) socket.destroy();
        server.close();
      });
      return listen(server, "127.0.0.1");
    },
    async runServer({ cwd, env: given = {}, isRecorded = true } = {}) {
      const args = ["-e", "setInterval(() => {}, 1000)", "/opt/agentapi", "server", "--"];
      const child = spawn(process.execPath, args, { env: given, cwd });
      ends.unshift(() => child.kill("SIGKILL"));
      await new Promise((resolve) => child.once("spawn", resolve));
      const identity = identifyProcess(child.pid ?? 0);
      if (!identity) throw new Error("the process is gone");
      const rest = { port: workspace.config.agentapi_port, configuration: "c", isReady: true };
      if (isRecorded) writeServerRecord(paths.running, { ...identity, ...rest });
      return identity.pid;
    },
    atEnd: (end) => void ends.unshift(end),
    dispose: () => {
      for (const end of ends.splice(0)) end();
    },
  };

  const { write, program, config } = workspace;
  config.agentapi_port = await workspace.serve((_, response) =>
    json(response, 200, { status: "stable", agent_type: "amp", transport: "pty" }),
  );
  const ampPort = await workspace.serve((request, response) => workspace.ampServer.answer(request, response));
  env["AMP_URL"] = `http://127.0.0.1:${ampPort}`;
  env["PATH"] = `${join(paths.home, "path")}:/usr/bin:/bin`;
  mkdirSync(join(paths.home, "project"));
  program(join(paths.home, ".amp/bin/amp"), ampBody());
  program(paths.agentapi, `echo agentapi version ${defaultVersion}`);
  program(paths.launcher, "exit 0");
  program(paths.supervisor, "exit 0");
  write(join(paths.ampPlugins, "coder-status-amp.ts"), "// Coder status\n");
  write(paths.bundle, packed("0"));
  write(paths.loader, "");
  program(join(paths.home, "path/coder"), "exit 0");
  write(paths.config, JSON.stringify(config));
  write(paths.ampSettings, '{\n  // mine\n  "amp.showCosts": true,\n}\n');
  write(paths.installLog, "2026-09-23T10:00:00.000Z INFO  Amp 0.0.1 is there.\n");
  write(paths.startLog, "2026-09-23T10:00:00.000Z INFO  Amp is ready.\n");
  await workspace.runServer();
  return workspace;
}

export function json(response: Parameters<RequestListener>[1], status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

export interface Examination {
  report: Report;
  /** As on a terminal of 80x24, as for a pipe, and as JSON. */
  terminal: string;
  full: string;
  json: string;
  /** The lines of one check as `state: text To fix it: fix`. */
  of(name: string): string;
  states(name: string): Finding["state"][];
}

export async function examineIt(workspace: Workspace): Promise<Examination> {
  const report = await examine(workspace);
  const view = { columns: 80, rows: 24, hasColour: false };
  const lines = (name: string) => report.lines.filter((line) => line.name === name);
  return {
    report,
    terminal: render(report, { ...view, isFull: false }),
    full: render(report, { ...view, isFull: true }),
    json: toJson(report),
    of: (name) =>
      lines(name)
        .map(({ state, text, fix }) => `${state}: ${text}${fix === undefined ? "" : ` To fix it: ${fix}`}`)
        .join("\n"),
    states: (name) => lines(name).map(({ state }) => state),
  };
}
