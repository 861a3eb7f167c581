import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { type AmpServer, startAmpServer } from "../../../test/support/amp-server.ts";
import { createWorkspace, type Workspace } from "../../../test/support/workspace.ts";

/** Of every terminal that is shown. */
export const COLUMNS = 80;

/** What a command printed, control sequences included, with the places of this machine put into usual words. */
export interface Scene {
  name: string;
  title: string;
  output: string;
}

/** A start, `status`, `chat` and `doctor`, of the real Amp under the real AgentAPI, with a loopback server for Amp. */
export async function takeScenes(): Promise<Scene[]> {
  const ampServer = await startAmpServer();
  const ws = await createWorkspace({
    ampServer,
    asInProduct: true,
    coder: true,
    variables: { ai_prompt: "What is left to do?", cli_app: true },
  });
  try {
    const started = await ws.start();
    if (started.exitCode !== 0) throw new Error(`the start failed: ${started.stderr}`);
    await untilReady(ws);
    const shown = (output: string) => inUsualPlaces(output, ws, ampServer);
    const status = await onTerminal(ws, "status");
    const chat = await conversation(ws, "Which tests fail?");
    ampServer.behaviour = "refuses-key";
    const doctor = await onTerminal(ws, "doctor");
    return [
      {
        name: "start",
        title: "Startup logs of the workspace",
        output: shown(started.stdout.replaceAll("\n", "\r\n")),
      },
      { name: "status", title: "amp-module status", output: shown(status) },
      { name: "chat", title: "amp-module chat", output: shown(chat) },
      { name: "doctor", title: "amp-module doctor, after the key was revoked", output: shown(doctor) },
    ];
  } finally {
    await ws.dispose();
    await ampServer.close();
  }
}

async function untilReady(ws: Workspace): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    if ((await ws.run(`${ws.moduleDir}/bin/amp-module status --short`)).stdout.startsWith("ready")) return;
    await sleep(500);
  }
  throw new Error("Amp did not become ready");
}

/** A command on a terminal of 24 lines. */
function terminal(ws: Workspace, command: string) {
  const line = `stty cols ${COLUMNS} rows 24; exec ${ws.moduleDir}/bin/amp-module ${command}`;
  return execa("script", ["-qec", line, "/dev/null"], {
    env: { ...ws.env, TERM: "xterm-256color" },
    extendEnv: false,
    cwd: ws.workdir,
    reject: false,
    timeout: 60_000,
  });
}

async function onTerminal(ws: Workspace, command: string): Promise<string> {
  const running = terminal(ws, command);
  running.stdin.end();
  return (await running).stdout;
}

/** One message, typed, and Ctrl-D behind its answer. */
async function conversation(ws: Workspace, message: string): Promise<string> {
  const running = terminal(ws, "chat");
  let seen = "";
  running.stdout.on("data", (chunk) => {
    seen += chunk;
  });
  const until = async (pattern: RegExp) => {
    for (let tries = 0; !pattern.test(seen) && tries < 300; tries++) await sleep(100);
  };
  await until(/› $|› \u001b\[\d+G$/);
  running.stdin.write(`${message}\r`);
  await until(/Echo: Which[\s\S]*› /);
  running.stdin.write("\u0004");
  return (await running).stdout;
}

function inUsualPlaces(output: string, ws: Workspace, { url }: AmpServer): string {
  return output
    .replaceAll(`${ws.root}/bin/agentapi`, "/usr/local/bin/agentapi")
    .replaceAll(ws.home, "/home/coder")
    .replaceAll(url, "https://ampcode.com")
    .replaceAll(String(ws.port), "3284")
    .replace(/T-[\da-f]{8}-[\da-f-]{27}/g, "T-0190c1b2-3d4e-7f60-8a9b-0c1d2e3f4a5b");
}
