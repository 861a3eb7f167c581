import { harmless } from "../../base/harmless.ts";

/** One line of a log. */
export interface LogEntry {
  /** ISO time; of a line without one that of the line before, "" if there is none either. */
  time: string;
  /** `DEBUG`, `INFO`, `WARN`, `ERROR`, or "" for a line that a program printed as it is. */
  level: string;
  /** With nothing in it that steers a terminal. */
  text: string;
}

const OWN = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (DEBUG|INFO|WARN|ERROR) +(.*)$/s;
/** AgentAPI's: `time=2026-… level=INFO msg="…" name=value`. */
const AGENTAPI = /^time=(\S+) level=(\w+) msg=("(?:[^"\\]|\\.)*"|\S+) ?(.*)$/s;
/** Its words about everybody who looks at its events, such as `amp-module status`. */
const NOISE = /^time=\S+ level=INFO msg="(New (screen )?subscriber|(Screen c|C)ontext done)"/;
/** Of no use to a person. */
const HIDDEN = ["@timestamp", "level", "message", "logger", "pid"];

/** Whether a line says nothing about how things go. */
export function isNoise(line: string): boolean {
  return NOISE.test(line);
}

/** Whether the module wrote a line, not a program whose output the log holds. */
export function isOwnLine(line: string): boolean {
  return OWN.test(line);
}

/** Reads lines one after the other, of one of the module's logs or of Amp's, whose lines are JSON. */
export class LogReader {
  #time = "";

  read(line: string): LogEntry {
    const entry = ownLine(line) ??
      agentapiLine(line) ??
      ampLine(line) ?? { time: this.#time, level: "", text: line };
    this.#time = entry.time;
    return { ...entry, text: harmless(entry.text) };
  }
}

function ownLine(line: string): LogEntry | undefined {
  const [, time, level, text] = line.match(OWN) ?? [];
  return time === undefined ? undefined : { time, level: level ?? "", text: text ?? "" };
}

function agentapiLine(line: string): LogEntry | undefined {
  const [, time, level = "", message = "", rest] = line.match(AGENTAPI) ?? [];
  if (time === undefined || Number.isNaN(Date.parse(time))) return undefined;
  const said = message.startsWith('"') ? message.slice(1, -1).replace(/\\(["\\])/g, "$1") : message;
  // Its times may carry an offset; those of the others do not.
  return { time: new Date(time).toISOString(), level, text: `AgentAPI: ${said}${rest ? ` ${rest}` : ""}` };
}

function ampLine(line: string): LogEntry | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const fields = JSON.parse(line) as Record<string, unknown>;
    const time = fields["@timestamp"];
    if (typeof time !== "string") return undefined;
    const rest = Object.entries(fields).filter(([name]) => !HIDDEN.includes(name));
    const details = rest.map(
      ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    const level = String(fields["level"] ?? "").toUpperCase();
    return {
      time,
      level: level === "WARNING" ? "WARN" : level,
      text: [fields["message"], ...details].join(" "),
    };
  } catch {
    return undefined;
  }
}
