import { basename } from "node:path";
import { wrap } from "../wrap.ts";
import { type Finding, GROUPS, type Group } from "./check.ts";
import type { Line, Report } from "./examine.ts";

export interface View {
  /** Of the terminal. */
  columns: number;
  rows: number;
  hasColour: boolean;
  /** One line for every check, as for a pipe; else what is in order is folded. */
  isFull: boolean;
}

type State = Finding["state"];

const MARKS: Record<State, string> = { ok: "✓", note: "!", wrong: "✗" };
const COLOURS: Record<State, string> = { ok: "\u001b[32m", note: "\u001b[33m", wrong: "\u001b[1;31m" };
const WIDEST = 80;

/** How much is shown of what is not wrong, from most to least. */
type Detail = "fixes" | "notes" | "groups";

/**
 * The report for people. What the last start failed with comes first. Groups with something wrong come last, above a
 * summary, and what is in order gives way, so that on a terminal of 24 lines nothing wrong is pushed off the screen.
 */
export function render(report: Report, view: View): string {
  const paint = (state: State, text: string) => (view.hasColour ? `${COLOURS[state]}${text}\u001b[0m` : text);
  const width = Math.min(view.columns, WIDEST);
  const head = lastStart(report, width, paint);
  const end = summary(report, width, view.isFull, paint);
  const assemble = (body: readonly string[]) => [...head, ...body, "", ...end];
  if (view.isFull) return text(assemble(fullBody(report, width, paint)));
  const details: Detail[] = ["fixes", "notes", "groups"];
  const folded = details.map((detail) => assemble(foldedBody(report, width, detail, paint)));
  // The prompt of the shell takes a line, too.
  return text(folded.find((lines) => lines.length < view.rows) ?? folded.at(-1) ?? []);
}

type Paint = (state: State, text: string) => string;

function lastStart({ lastFailure }: Report, width: number, paint: Paint): string[] {
  if (!lastFailure) return [];
  const { at, log, cause, fix } = lastFailure;
  const when = `The last start failed (${at.slice(11, 19)} UTC, ${basename(log)}):`;
  const lines = wrap(`${when} ${cause}`, width, "✗ ", "  ");
  return [...lines.map((line) => paint("wrong", line)), ...fixLines(fix, width, "  "), ""];
}

function fullBody({ lines }: Report, width: number, paint: Paint): string[] {
  return groupsOf(lines).flatMap(([group, all], index) => [
    ...(index === 0 ? [] : [""]),
    group,
    ...all.flatMap((line) => [
      ...ofOne(line, width, paint),
      ...(line.fix ? fixLines(line.fix, width, "    ") : []),
    ]),
  ]);
}

function foldedBody({ lines }: Report, width: number, detail: Detail, paint: Paint): string[] {
  const groups = groupsOf(lines).map(([group, all]) => ({ group, all, state: worst(all) }));
  const ordered = [
    ...groups.filter(({ state }) => state !== "wrong"),
    ...groups.filter(({ state }) => state === "wrong"),
  ];
  return ordered.flatMap(({ group, all, state }) => {
    const inOrder = groupInOrder(all).join(", ");
    const label = `${MARKS[state]} ${group.padEnd(11)}`;
    const titled =
      detail === "groups" ? [label.trimEnd()] : wrap(inOrder, width, `${label} `, " ".repeat(14));
    const [title = "", ...more] = titled;
    const notes = detail === "groups" ? [] : all.filter((line) => line.state === "note");
    const shown = [...all.filter((line) => line.state === "wrong"), ...notes];
    return [
      title.replace(MARKS[state], paint(state, MARKS[state])).trimEnd(),
      ...more,
      ...shown.flatMap((line) => [
        ...ofOne(line, width, paint),
        ...(line.fix && (line.state === "wrong" || detail === "fixes")
          ? fixLines(line.fix, width, "    ")
          : []),
      ]),
    ];
  });
}

/** The names of what is in order in every respect. */
function groupInOrder(lines: readonly Line[]): string[] {
  const bad = new Set(lines.filter(({ state }) => state !== "ok").map(({ name }) => name));
  return [...new Set(lines.map(({ name }) => name))].filter((name) => !bad.has(name));
}

function ofOne({ state, name, text }: Line, width: number, paint: Paint): string[] {
  const [first = "", ...more] = wrap(`${name}: ${text}`, width, `  ${MARKS[state]} `, "    ");
  return [first.replace(MARKS[state], paint(state, MARKS[state])), ...more];
}

function fixLines(fix: string, width: number, indent: string): string[] {
  return wrap(fix, width, `${indent}To fix it: `, `${indent}  `);
}

function summary({ lines, lastFailure }: Report, width: number, isFull: boolean, paint: Paint): string[] {
  const namesOf = (state: State) => [
    ...new Set(lines.filter((line) => line.state === state).map(({ name }) => name)),
  ];
  const wrong = [...(lastFailure ? ["the last start"] : []), ...namesOf("wrong")];
  const notes = namesOf("note");
  const noted = notes.length === 0 ? "" : ` ${notes.length} to note: ${notes.join(", ")}.`;
  const told =
    wrong.length === 0 ? `Nothing is wrong.${noted}` : `Something is wrong: ${wrong.join(", ")}.${noted}`;
  const state = wrong.length === 0 ? "ok" : "wrong";
  const more = isFull ? [] : wrap("amp-module doctor --all shows every check.", width);
  return [...wrap(told, width).map((line) => paint(state, line)), ...more];
}

function groupsOf(lines: readonly Line[]): [Group, Line[]][] {
  return GROUPS.map((group): [Group, Line[]] => [group, lines.filter((line) => line.group === group)]).filter(
    ([, all]) => all.length > 0,
  );
}

function worst(lines: readonly Line[]): State {
  const states: readonly State[] = ["wrong", "note", "ok"];
  return states.find((state) => lines.some((line) => line.state === state)) ?? "ok";
}

function text(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
