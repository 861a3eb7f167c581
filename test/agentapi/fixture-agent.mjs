#!/usr/bin/env node
// A tiny agent for the contract suite: it draws what AgentAPI looks for, takes bracketed pastes and echoes.
// Environment: FIXTURE_LOG, a file that gets every byte received (its pid goes next to it, as `….pid`); FIXTURE_BOX=0 draws no input box;
// FIXTURE_EXIT, a code to exit with at once. Typed commands: `exit N`, `busy MS` (keeps redrawing), `quiet`.
import { appendFileSync, writeFileSync } from "node:fs";

const { FIXTURE_LOG, FIXTURE_BOX = "1", FIXTURE_EXIT } = process.env;
const pasteStart = "\x1b[200~";
const pasteEnd = "\x1b[201~";

/** @type {string[]} */
const history = ["Fixture agent ready."];
let input = "";
let pending = "";
let isPasting = false;

function draw(note = "") {
  const firstLine = input.split(/[\r\n]/)[0]?.slice(0, 40) ?? "";
  const box = [`╭${"─".repeat(44)}╮`, `│ ${firstLine.padEnd(42)} │`, `╰${"─".repeat(44)}╯`];
  const lines = [
    ...history,
    note,
    ...(FIXTURE_BOX === "0" ? [`input (${input.length}): ${firstLine}`] : box),
  ];
  process.stdout.write(`\x1b[2J\x1b[H${lines.join("\r\n")}`);
}

function submit() {
  const text = input;
  input = "";
  const [, command, number] = /^(exit|busy|quiet)(?: (\d+))?$/.exec(text) ?? [];
  if (command === "exit") {
    history.push("Goodbye from the fixture agent.");
    draw();
    setTimeout(() => process.exit(Number(number ?? 0)), 100);
    return;
  }
  if (command === "quiet") return;
  const echo = text.split(/[\r\n]+/).slice(0, 20);
  history.push(...echo.map((line) => `> ${line.slice(0, 60)}`), `You sent ${Buffer.byteLength(text)} bytes.`);
  draw();
  if (command !== "busy") return;
  let frame = 0;
  const timer = setInterval(() => {
    frame += 1;
    draw(`working ${frame}`);
  }, 200);
  setTimeout(
    () => {
      clearInterval(timer);
      draw();
    },
    Number(number ?? 1000),
  );
}

function take(/** @type {string} */ chunk) {
  pending += chunk;
  while (pending !== "") {
    if (isPasting) {
      const end = pending.indexOf(pasteEnd);
      if (end === -1) {
        // The marker may be cut between two reads.
        const keep = pending.length > pasteEnd.length ? pending.length - pasteEnd.length : 0;
        input += pending.slice(0, keep);
        pending = pending.slice(keep);
        break;
      }
      input += pending.slice(0, end);
      pending = pending.slice(end + pasteEnd.length);
      isPasting = false;
    } else if (pending.startsWith(pasteStart)) {
      isPasting = true;
      pending = pending.slice(pasteStart.length);
    } else if (pasteStart.startsWith(pending)) {
      break;
    } else {
      const [key = ""] = pending;
      pending = pending.slice(key.length);
      if (key === "\r") submit();
      else if (key === "\b" || key === "\x7f") input = input.slice(0, -1);
      else if (key === "\x03") process.exit(0);
      else input += key;
    }
  }
  draw();
}

if (FIXTURE_LOG) writeFileSync(`${FIXTURE_LOG}.pid`, `${process.pid}`);
process.on("SIGINT", () => process.exit(0));
if (FIXTURE_EXIT !== undefined) {
  draw(`cannot connect: \x1b[31mfixture failure\x1b[0m`);
  setTimeout(() => process.exit(Number(FIXTURE_EXIT)), 100);
} else {
  process.stdin.setRawMode?.(true);
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (chunk) => {
    if (FIXTURE_LOG) appendFileSync(FIXTURE_LOG, chunk);
    take(String(chunk));
  });
  draw();
}
