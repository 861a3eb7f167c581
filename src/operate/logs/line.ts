import type { Paint, Style } from "../style.ts";
import type { LogEntry } from "./entry.ts";

const COLOURS: Record<string, Style> = { ERROR: "red", WARN: "yellow", DEBUG: "dim", "": "dim" };

/**
 * One line as a person reads it: a short local time, the log's name if there are several, the level if it matters.
 *
 * @param name of the log, padded; "" for one log alone
 */
export function logLine({ time, level, text }: LogEntry, name: string, now: Date, paint: Paint): string {
  const mark = level === "WARN" || level === "ERROR" ? `${level} ` : "";
  const style = COLOURS[level];
  const said = style ? paint(style, mark + text) : mark + text;
  return [paint("dim", shortTime(time, now)), ...(name === "" ? [] : [paint("cyan", name)]), said].join(" ");
}

/** `14:03:09` for today, with the day in front for any other. */
function shortTime(iso: string, now: Date): string {
  const time = new Date(iso);
  if (iso === "" || Number.isNaN(time.getTime())) return "--:--:--";
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  if (time.toDateString() === now.toDateString()) return clock;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
}
