import { readFileSync, realpathSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findAgentApi } from "../../agentapi.ts";
import { findRealAmp } from "../../amp.ts";
import { startAmpServer } from "../../amp-server.ts";
import { defaultRelease } from "../../default-release.ts";
import { releasePlatform } from "../../release-platform.ts";
import { runAsAgent } from "../../run-script.ts";
import type { Workspace } from "../../workspace.ts";
import type { Part, Row } from "../part.ts";
import { type Figures, inTurn } from "../sample.ts";
import { benchWorkspace, clear } from "../subjects.ts";
import { timedScript } from "../timed-script.ts";

/** Of each answer and connection, as a mirror in the same region has it. */
const FAR = { latencyMs: 20, bytesPerMs: 50_000 };

/** What a start in an empty home costs. */
export const cold: Part = {
  name: "cold",
  title: "Cold starts",
  about:
    "An empty home; Amp's own binary (100 MB) and AgentAPI (14 MB) come from a server on loopback, as fast as it goes and " +
    "with 20 ms before each answer and 50 MB/s in each connection. The floor is both files at once with `curl`, then " +
    "`sha256sum` of them. *Of what it may take*: 1.25 times the slower one of the bare downloads, a start with everything " +
    "installed, and one `amp --help`.",
  rounds: 10,
  async run(rounds) {
    const ampServer = await startAmpServer();
    const mirror = await startMirror();
    const workspace = await benchWorkspace({
      ...{ ampServer, amp: "none", agentapi: "none" },
      variables: {
        amp_installer_url: `${mirror.url}/install.sh`,
        agentapi_download_url: mirror.url,
      },
      // The wait for an Amp that might die is the same however it was installed.
      env: { AMP_MODULE_MIN_LIFE_MS: "300" },
    });
    try {
      const of = await inTurn(
        rounds,
        [false, true].map((isFar) => async () => {
          mirror.isFar = isFar;
          const name = isFar ? "far" : "near";
          const start = await coldStart(workspace);
          const { bare = 0, both = 0 } = await downloads(workspace, mirror.url);
          const allowed = 1.25 * both + (start["warm"] ?? 0) + (start["help"] ?? 0);
          return named(name, { ...start, bare, allowed });
        }),
      );
      return ["near", "far"].flatMap((name): Row[] => {
        const how = name === "far" ? "20 ms and 50 MB/s" : "no limits";
        return [
          {
            what: `${how}: start, until the first answer`,
            unit: "ms",
            ours: of(`${name} first`),
            floor: of(`${name} bare`),
          },
          {
            what: `${how}: of what it may take`,
            unit: "ms",
            ours: of(`${name} first`),
            floor: of(`${name} allowed`),
          },
          { what: `${how}: CPU of the script`, unit: "ms", ours: of(`${name} cpu`) },
        ];
      });
    } finally {
      await workspace.dispose();
      await mirror.close();
      await ampServer.close();
    }
  },
};

function named(name: string, figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([key, value]) => [`${name} ${key}`, value]));
}

/** In an empty home, and then with everything there. */
async function coldStart(workspace: Workspace): Promise<Figures> {
  await clear(workspace);
  for (const name of await readdir(workspace.home))
    rmSync(join(workspace.home, name), { recursive: true, force: true });
  const { first, cpu } = await timedScript(workspace, workspace.scripts.start);
  await clear(workspace);
  const warm = (await timedScript(workspace, workspace.scripts.start)).first;
  await clear(workspace);
  const amp = join(workspace.home, ".amp/bin/amp");
  const help = (await runAsAgent([amp, "--help"], { cwd: workspace.home, env: workspace.env })).durationMs;
  return { first, cpu, warm, help };
}

/** The same files with `curl`, side by side, and what a checksum of them costs. */
async function downloads({ root, env }: Workspace, url: string): Promise<Figures> {
  const shell = async (script: string) =>
    (await runAsAgent(["bash", "-c", script, "-", url], { cwd: join(root, "tmp"), env })).durationMs;
  const asset = `download/${defaultRelease}/agentapi-${releasePlatform("-")}`;
  const both = await shell(`curl -fsS -o amp "$1/amp" & curl -fsS -o agentapi "$1/${asset}"; wait`);
  const sums = await shell("sha256sum amp agentapi");
  return { bare: both + sums, both };
}

interface Mirror {
  url: string;
  isFar: boolean;
  close: () => Promise<void>;
}

/** Serves an installer in Amp's way, the real Amp and AgentAPI. */
async function startMirror(): Promise<Mirror> {
  const amp = await findRealAmp();
  const agentapi = await findAgentApi();
  if (!amp || !agentapi.real) throw new Error("the real Amp or the real AgentAPI cannot be had here");
  const files = { amp: readFileSync(amp.path), agentapi: readFileSync(realpathSync(agentapi.path)) };
  let url = "";
  const mirror: Mirror = { url, isFar: false, close: () => closed(server) };
  const server = createServer(async (request, response) => {
    const path = request.url ?? "";
    if (mirror.isFar) await sleep(FAR.latencyMs);
    if (path === "/install.sh") return void response.end(installer(url));
    if (path === "/amp") return send(response, files.amp, mirror.isFar);
    if (/\/agentapi-[a-z]+-[a-z0-9]+$/.test(path)) return send(response, files.agentapi, mirror.isFar);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  mirror.url = url;
  return mirror;
}

async function send(response: ServerResponse, content: Buffer, isFar: boolean): Promise<void> {
  response.writeHead(200, { "content-length": content.length });
  if (!isFar) return void response.end(content);
  const began = performance.now();
  const step = 256 * 1024;
  for (let at = 0; at < content.length && !response.destroyed; at += step) {
    response.write(content.subarray(at, at + step));
    const ahead = (at + step) / FAR.bytesPerMs - (performance.now() - began);
    if (ahead > 1) await sleep(ahead);
  }
  response.end();
}

function installer(url: string): string {
  return `#!/usr/bin/env bash
set -euo pipefail
mkdir -p "$HOME/.amp/bin" "$HOME/.local/bin"
curl -fsS -o "$HOME/.amp/bin/amp.part" "${url}/amp"
chmod 755 "$HOME/.amp/bin/amp.part"
mv -f "$HOME/.amp/bin/amp.part" "$HOME/.amp/bin/amp"
ln -sf "$HOME/.amp/bin/amp" "$HOME/.local/bin/amp"
`;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
