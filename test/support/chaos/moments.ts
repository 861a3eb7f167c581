import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type AmpServer, startAmpServer } from "../amp-server.ts";
import { SAID } from "./invariants.ts";
import { notOneOfEach } from "./one-of-each.ts";
import { givePids } from "./pids.ts";
import { receivedInTheEnd } from "./received.ts";
import type { Transport } from "./rendered.ts";
import { createSite, type Running, type Site } from "./site.ts";
import { processTree, type Role, signal } from "./tree.ts";

/** Every 250 ms of the first 15 s. */
export const MOMENTS = Array.from({ length: 60 }, (_, index) => (index + 1) * 250);

const SIGNALS = ["SIGTERM", "SIGKILL"] as const;

/** How a first start can end before its time. */
export type End = `${"script" | Role} ${(typeof SIGNALS)[number]}` | (typeof WHOLE)[number];

/** `reused pids`: a machine that goes away, and another program has the pids that its files name. */
const WHOLE = ["stop", "reboot", "reboot, reused pids", "two starts and a stop"] as const;

export function endsOf(transport: Transport): End[] {
  const roles: ("script" | Role)[] = ["script", "cli", "supervisor", "agentapi", "agent"];
  if (transport === "stream") roles.push("amp");
  return [...roles.flatMap((role) => SIGNALS.map((name): End => `${role} ${name}`)), ...WHOLE];
}

export interface Cell {
  transport: Transport;
  end: End;
  atMs: number;
  /** Counted from when AgentAPI is started: on a loaded machine the script takes its time until then. */
  isFromLaunch?: boolean;
  /** Behind a server of its own, which then tells what arrived. */
  isRealAmp?: boolean;
}

/** By this a cell is named on a command line. */
export function nameOf({ transport, end, atMs, isFromLaunch, isRealAmp }: Cell): string {
  return `${isRealAmp ? "real-" : ""}${transport}/${end}@${isFromLaunch ? "launch+" : ""}${atMs}`;
}

export function cellNamed(name: string): Cell {
  const [, real, transport, end, launch, atMs] =
    name.match(/^(real-)?(terminal|stream)\/(.+)@(launch\+)?(\d+)$/) ?? [];
  const known = endsOf(transport as Transport).find((each) => each === end);
  if (known === undefined) throw new Error(`there is no cell ${name}; one is terminal/agentapi SIGKILL@2250`);
  return {
    ...{ transport: transport as Transport, end: known, atMs: Number(atMs) },
    isFromLaunch: launch !== undefined,
    isRealAmp: real !== undefined,
  };
}

/**
 * - `once`: it stands in the conversation
 * - `said`: it does not, and the log says that it cannot be known or was not sent
 * - `lost`: it does not, and nothing says so
 * - `doubled`: it stands there more than once
 * - `not healed`: the normal start failed, or what runs after it is not one of each
 */
export type Verdict = "once" | "said" | "lost" | "doubled" | "not healed";

export interface CellResult {
  cell: Cell;
  verdict: Verdict;
  /** How often Amp took the prompt. */
  taken: number;
  /** Nothing was there to end at that moment. */
  isMissed: boolean;
  /** What a person needs to understand a bad verdict. */
  evidence: string;
}

export const PROMPT = "Write a haiku about restarts";

/** A first start that ends at a moment, then a normal one. */
export async function runCell(cell: Cell): Promise<CellResult> {
  const ampServer = cell.isRealAmp ? await startAmpServer() : undefined;
  try {
    return await runWith(cell, ampServer);
  } finally {
    await ampServer?.close();
  }
}

async function runWith(cell: Cell, ampServer: AmpServer | undefined): Promise<CellResult> {
  const site = await createSite({
    transport: cell.transport,
    config: { ai_prompt: PROMPT },
    ...(ampServer && { ampServer }),
  });
  try {
    const first = site.begin();
    const begun = first.ended.then(({ exitCode, stdout, stderr }) => `${exitCode}\n${stdout}${stderr}`);
    if (cell.isFromLaunch) await launched(site, first);
    await sleep(cell.atMs);
    const { isMissed, cleanUp } = await endBy(cell.end, site, first);
    const firstOutput = await begun;
    const logBetween = await site.log("agentapi-start");
    // What it would wait for is over: whether the agent lives on was the first start's question.
    const again = await site.start({ env: { AMP_MODULE_MIN_LIFE_MS: "300" } });
    const { taken, kept } = await receivedInTheEnd(site, PROMPT);
    const log = await site.log("agentapi-start");
    const trouble = again.exitCode === 0 ? await notOneOfEach(site) : `exit code ${again.exitCode}`;
    cleanUp();
    const isSaid = SAID.test(log) || SAID.test(again.stdout);
    const verdict =
      trouble !== "" ? "not healed" : kept > 1 ? "doubled" : kept === 1 ? "once" : isSaid ? "said" : "lost";
    const evidence = [
      `${nameOf(cell)}: ${verdict}, taken ${taken}, kept ${kept}${trouble && `, ${trouble}`}`,
      `--- the first start: ${firstOutput}--- its log\n${logBetween}`,
      `--- the normal start: ${again.stdout}${again.stderr}--- its log\n${log}`,
    ].join("\n");
    return { cell, verdict, taken, isMissed, evidence };
  } finally {
    await site.dispose();
  }
}

/** AgentAPI has been started, or will not be. */
async function launched({ moduleDir }: Site, first: Running): Promise<void> {
  let hasEnded = false;
  void first.ended.finally(() => {
    hasEnded = true;
  });
  while (!hasEnded && !existsSync(join(moduleDir, "state/agentapi.pid"))) await sleep(20);
}

interface Ended {
  isMissed: boolean;
  cleanUp: () => void;
}

async function endBy(end: End, site: Site, first: Running): Promise<Ended> {
  const done = (isMissed = false): Ended => ({ isMissed, cleanUp: () => {} });
  switch (end) {
    case "stop":
      await site.stop();
      return done();
    case "reboot":
      await site.killAll();
      return done();
    case "reboot, reused pids": {
      await site.killAll();
      await first.ended;
      const foreign = spawn("sleep", ["120"], { stdio: "ignore" });
      await givePids(site, foreign.pid ?? 0);
      return { isMissed: false, cleanUp: () => foreign.kill("SIGKILL") };
    }
    case "two starts and a stop": {
      const second = site.start();
      await sleep(150);
      await Promise.all([second, site.stop()]);
      return done();
    }
    default: {
      const [role, name] = end.split(" ") as ["script" | Role, NodeJS.Signals];
      if (role === "script") return done(!signal(-first.group, name));
      const pids = (await processTree(site))[role];
      for (const pid of pids) signal(pid, name);
      return done(pids.length === 0);
    }
  }
}
