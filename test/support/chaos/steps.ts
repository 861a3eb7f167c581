import type { Random } from "./random.ts";
import type { Transport } from "./rendered.ts";
import { ROLES, type Role } from "./tree.ts";

/** What a download can meet. */
export const DOWNLOAD_FAULTS = [
  "404",
  "429",
  "500",
  "503",
  "reset",
  "cut",
  "slow",
  "wrong bytes",
  "wrong type",
  "never ends",
] as const;
export type DownloadFault = (typeof DOWNLOAD_FAULTS)[number];

/** Files of the state directory. */
export const STATE_FILES = [
  "agentapi-state.json",
  "agentapi.json",
  "agentapi.pid",
  "amp-probe.json",
  "agentapi-probe.json",
  "applied-settings.json",
  "delivery.json",
  "lock",
  "ready",
  "thread.json",
] as const;
export type StateFile = (typeof STATE_FILES)[number];

/** One thing that happens to a workspace, as plain data: a sequence can be printed and done again. */
export type Step =
  /** A start of which nobody sees the end for so long. */
  | { do: "start"; waitMs: number }
  | { do: "stop" }
  | { do: "race" }
  | { do: "kill"; role: Role; signal: NodeJS.Signals }
  | { do: "pause"; role: Role; ms: number }
  | { do: "suspend"; ms: number }
  | { do: "reboot" }
  | { do: "reused pids" }
  | { do: "another prompt"; number: number }
  | { do: "another port" }
  | { do: "another mode"; mode: "low" | "high" | "" }
  | { do: "corrupt"; file: StateFile; how: "cut" | "garbage" | "empty" }
  | { do: "late refusal"; afterMs: number }
  | { do: "download"; of: "agentapi" | "amp"; fault: DownloadFault; times: number }
  | { do: "full disk"; freeKiB: number }
  | { do: "no inodes" }
  | { do: "room again" }
  | { do: "clock"; years: number }
  | { do: "edit settings" }
  | { do: "edit AGENTS.md" }
  | { do: "another machine" }
  | { do: "wait"; ms: number };

/** A step, and which of the instances it happens to. */
export type Planned = Step & { instance: number };

/** What a seed stands for. */
export interface Plan {
  seed: number;
  transport: Transport;
  instances: 1 | 2;
  /** The home is a small file system of its own, which can be full. */
  isSmall: boolean;
  steps: Planned[];
}

/** @param mayMount whether a small file system can be had */
export function planFrom(random: Random, seed: number, mayMount: boolean): Plan {
  const transport: Transport = random.chance(0.65) ? "terminal" : "stream";
  const instances = seed % 2 === 0 ? 2 : 1;
  const isSmall = random.chance(0.3) && mayMount;
  const steps: Planned[] = [{ do: "start", waitMs: random.between(300, 9_000), instance: 0 }];
  const count = random.between(4, 9);
  while (steps.length < count) {
    const instance = random.between(0, instances - 1);
    steps.push({ ...draw(random, transport, isSmall, steps.length), instance });
    // Most of what can happen needs somebody to happen to.
    if (random.chance(0.45)) steps.push({ do: "start", waitMs: random.between(0, 7_000), instance });
  }
  return { seed, transport, instances, isSmall, steps };
}

function draw(random: Random, transport: Transport, isSmall: boolean, number: number): Step {
  const kinds: (() => Step)[] = [
    () => ({ do: "stop" }),
    () => ({ do: "race" }),
    ...repeated(3, (): Step => kill(random)),
    () => ({ do: "pause", role: random.pick(ROLES), ms: random.between(200, 6_000) }),
    () => ({ do: "suspend", ms: random.between(500, 4_000) }),
    () => ({ do: "reboot" }),
    () => ({ do: "reused pids" }),
    () => ({ do: "another prompt", number }),
    () => ({ do: "another port" }),
    () => ({ do: "another mode", mode: random.pick(["low", "high", ""] as const) }),
    ...repeated(2, (): Step => corrupt(random)),
    () => ({ do: "late refusal", afterMs: random.between(3_000, 6_000) }),
    () => download(random, transport),
    () => ({ do: "clock", years: random.pick([-10, 10]) }),
    () => ({ do: "edit settings" }),
    () => ({ do: "edit AGENTS.md" }),
    () => ({ do: "another machine" }),
    () => ({ do: "wait", ms: random.between(500, 5_000) }),
  ];
  if (isSmall)
    kinds.push(
      ...repeated(2, (): Step => ({ do: "full disk", freeKiB: random.pick([0, 4, 16, 64, 512]) })),
      () => ({ do: "no inodes" }),
      ...repeated(2, (): Step => ({ do: "room again" })),
    );
  return random.pick(kinds)();
}

function kill(random: Random): Step {
  return { do: "kill", role: random.pick(ROLES), signal: random.chance(0.7) ? "SIGKILL" : "SIGTERM" };
}

function corrupt(random: Random): Step {
  return {
    do: "corrupt",
    file: random.pick(STATE_FILES),
    how: random.pick(["cut", "garbage", "empty"] as const),
  };
}

function download(random: Random, transport: Transport): Step {
  return {
    do: "download",
    of: transport === "terminal" && random.chance(0.5) ? "amp" : "agentapi",
    fault: random.pick(DOWNLOAD_FAULTS),
    times: random.pick([1, 2, 100]),
  };
}

function repeated<T>(times: number, item: T): T[] {
  return Array.from({ length: times }, () => item);
}

/** A line for people; the seed is what makes it happen again. */
export function describePlan({ seed, transport, instances, isSmall, steps }: Plan): string {
  const listed = steps.map(({ instance, ...step }, index) => {
    const { do: what, ...rest } = step;
    const details = Object.entries(rest).map(([name, value]) => `${name} ${value}`);
    return `  ${index + 1}. [${instance}] ${[what, ...details].join(", ")}`;
  });
  const where = `${transport}, ${instances} instance${instances > 1 ? "s" : ""}${isSmall ? ", small disk" : ""}`;
  return [`seed ${seed} (${where}):`, ...listed].join("\n");
}
