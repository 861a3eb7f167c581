import { statSync } from "node:fs";
import { findAgentApi } from "../agentapi.ts";
import { findRealAmp } from "../amp.ts";
import type { RequestCounts } from "./counts.ts";
import { NAMES, SIZES } from "./files.ts";

const GIGABYTE = 1e9;

/** What so many starts at once ask of each server, as a Markdown table. */
export async function scaleTable(counts: RequestCounts, workspaces: number): Promise<string> {
  const sizes = await realSizes();
  const rows = Object.entries<string[]>({ ...counts }).map(([kind, names]) => {
    const times = (name: string) => names.filter((each) => each === name).length;
    const bytes = names.reduce((sum, name) => sum + (sizes[name] ?? 0), 0);
    const amps = times(NAMES.installer) + times(NAMES.amp);
    const githubs = times(NAMES.agentapi);
    return [
      `${workspaces} starts, ${kind}`,
      names.length * workspaces,
      amps * workspaces,
      githubs * workspaces,
      times(NAMES.digest) * workspaces,
      `${((bytes * workspaces) / GIGABYTE).toFixed(0)} GB`,
    ];
  });
  const head = ["", "requests", "installer and Amp", "AgentAPI", "its digest", "bytes"];
  const lines = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  const megabytes = (name: string) => `${((sizes[name] ?? 0) / 1e6).toFixed(0)} MB`;
  return `Amp ${megabytes(NAMES.amp)}, AgentAPI ${megabytes(NAMES.agentapi)}.\n\n${lines.join("\n")}`;
}

/** Of this machine's programs; rounded ones if there are none. */
async function realSizes(): Promise<Record<string, number>> {
  const [agentapi, amp] = await Promise.all([findAgentApi(), findRealAmp()]);
  return {
    [NAMES.agentapi]: agentapi.real ? statSync(agentapi.path).size : SIZES.agentapi,
    [NAMES.amp]: amp ? statSync(amp.path).size : SIZES.amp,
  };
}
