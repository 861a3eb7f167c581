import { harmless } from "../base/harmless.ts";
import type { KnownProgram } from "./programs-glance.ts";
import type { Status } from "./status.ts";
import type { Paint } from "./style.ts";
import { wrap } from "./wrap.ts";

const WIDTH = 80;
const LABEL = 12;

/** One line for a dashboard. */
export function shortStatus({ state, summary, server }: Status): string {
  const up = server?.uptimeS == null ? "" : `, up ${duration(server.uptimeS)}`;
  switch (state) {
    case "ready":
      return `ready${up}`;
    case "working":
      return `at work${server?.activity ? `: ${server.activity}` : ""}${up}`;
    case "asking":
      return `asks a question in the terminal${up}`;
    case "serving":
      return `runner${server?.activity ? `, ${server.activity}` : ""}${up}`;
    case "none-wanted":
      return "installed";
    case "starting":
      return "starting";
    default:
      return summary.replace(/\.$/, "").slice(0, 160);
  }
}

/** The whole of it for a person, at most 80 columns wide but for long paths. */
export function longStatus(status: Status, home: string, paint: Paint): string {
  const { isHealthy, summary, fix, module, amp, agentapi, thread, server, delivery, lastError, apps } =
    status;
  const short = (path: string) => (path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path);
  const program = ({ version, from, path }: KnownProgram) => [
    `${version ?? "version unknown: it is newer than the last start"}, ${from}`,
    short(path),
  ];
  // Its conversations are on Amp's site, and the module knows none of them.
  const isRunner = server?.transport === "runner";
  const row = (label: string, lines: string[]): [string, string[]] => [label, lines];
  const rows: [label: string, lines: string[]][] = [
    ["Module", [`${module.version} in ${short(module.folder)}`, module.runtime]],
    ["Amp", amp ? program(amp) : ["not found"]],
    ["AgentAPI", agentapi ? program(agentapi) : [server?.port != null ? "not found" : "not wanted"]],
    ...(isRunner ? [] : [row("Thread", thread ? [thread.id, thread.url] : ["none known yet"])]),
    ...(server ? serverRows(server) : []),
    ...(isRunner ? [] : [row("Prompt", [promptLine(delivery)])]),
    ["Last error", lastError ? [`${short(lastError.log)}, ${lastError.time}`, lastError.text] : ["none"]],
    ["Apps", apps.length > 0 ? apps.map(({ slug, what }) => `${slug} (${what})`) : ["none"]],
    ["Logs", status.logs.map(short)],
  ];
  const mark = isHealthy ? paint("green", "●") : paint("red", "●");
  const indent = " ".repeat(LABEL);
  return [
    `${mark} ${wrap(harmless(summary), WIDTH - 2)
      .map((line) => paint("bold", line))
      .join("\n  ")}`,
    ...(fix ? wrap(harmless(`To fix it: ${fix}`), WIDTH - 2).map((line) => `  ${line}`) : []),
    "",
    ...(status.state === "not-set-up" ? rows.slice(0, 1) : rows).flatMap(([label, lines]) =>
      lines
        .flatMap((line) => wrap(harmless(line), WIDTH - LABEL - 2))
        .map((line, index) => `  ${index === 0 ? paint("dim", label.padEnd(LABEL)) : indent}${line}`),
    ),
  ].join("\n");
}

function serverRows(server: NonNullable<Status["server"]>): [string, string[]][] {
  const { pid, uptimeS, port, transport, supervisor } = server;
  const runs =
    pid === null ? "does not run" : `pid ${pid}${uptimeS === null ? "" : `, up ${duration(uptimeS)}`}`;
  return [
    ["Server", [`${runs}${port === null ? "" : `, port ${port}`}, ${transport} transport`]],
    ["Supervisor", [supervisor === null ? "does not run" : `pid ${supervisor}`]],
  ];
}

const HOW: Record<string, string> = {
  chat: "through the chat",
  typed: "typed into the terminal",
  earlier: "earlier",
};

function promptLine(delivery: Status["delivery"]): string {
  if (!delivery) return "none was given by the module";
  if (delivery.state === "sending") return "was sent; nothing has shown yet that it arrived";
  return `delivered${delivery.how ? ` ${HOW[delivery.how] ?? `(${delivery.how})`}` : ""}`;
}

/** The two largest units: `3 h 5 min`, `2 d 1 h`, `12 s`. */
export function duration(seconds: number): string {
  const units: [string, number][] = [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
    ["s", 1],
  ];
  const first = Math.max(
    0,
    units.findIndex(([, length]) => seconds >= length),
  );
  let rest = seconds;
  const parts = units
    .slice(seconds < 1 ? 3 : first)
    .slice(0, 2)
    .map(([unit, length]) => {
      const count = Math.floor(rest / length);
      rest -= count * length;
      return { unit, count };
    });
  return parts
    .filter(({ count }, index) => index === 0 || count > 0)
    .map(({ unit, count }) => `${count} ${unit}`)
    .join(" ");
}
