import { mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Workspace } from "../../workspace.ts";
import { bareServer } from "../floor.ts";
import type { Part, Row } from "../part.ts";
import { type Figures, inTurn } from "../sample.ts";
import { benchWorkspace, clear, placeFreeAmp } from "../subjects.ts";
import { timedScript } from "../timed-script.ts";

/** Whether a start's cost grows with what lies around. */
export const scale: Part = {
  name: "scale",
  title: "Starts in a home that has grown",
  about:
    "With an Amp that costs nothing. The floor is the same start without what has grown, for the saved chat a bare " +
    "`agentapi server` that reads the same chat.",
  rounds: 10,
  async run(rounds) {
    // Only starts are compared, not the wait for an Amp that might die.
    const workspace = await benchWorkspace({ amp: "none", env: { AMP_MODULE_MIN_LIFE_MS: "300" } });
    await placeFreeAmp(workspace.home);
    try {
      await workspace.start();
      const saved = join(workspace.moduleDir, "state/agentapi-state.json");
      const log = join(workspace.moduleDir, "agentapi-start.log");
      const aside = join(workspace.root, "many");
      fill(aside);
      const chat = savedChat(50);
      const of = await inTurn(rounds, [
        () => start(workspace, "usual"),
        () =>
          start(workspace, "log", () => {
            writeFileSync(log, "");
            truncateSync(log, 500_000_000);
          }),
        () =>
          start(workspace, "chat", () => {
            writeFileSync(saved, chat);
          }),
        async () => {
          rmSync(saved, { force: true });
          const copy = join(workspace.root, "chat.json");
          writeFileSync(copy, chat);
          const { ms } = await bareServer(workspace, ["--state-file", copy]);
          return { bare: ms };
        },
        async () => {
          const files = join(workspace.home, "many");
          const figures = await start(workspace, "files", () => renameSync(aside, files));
          renameSync(files, aside);
          return figures;
        },
      ]);
      const row = (what: string, name: string, floor: string): Row => ({
        ...{ what, unit: "ms", ours: of(name), floor: of(floor) },
      });
      return [
        row("an old log of 500 MB", "log", "usual"),
        row("a saved chat of 50 MB", "chat", "usual"),
        row("a saved chat of 50 MB, of AgentAPI alone", "chat", "bare"),
        row("100,000 files in the home", "files", "usual"),
      ];
    } finally {
      await workspace.dispose();
    }
  },
};

async function start(workspace: Workspace, name: string, prepare?: () => void): Promise<Figures> {
  await clear(workspace);
  prepare?.();
  const { first } = await timedScript(workspace, workspace.scripts.start);
  await clear(workspace);
  return { [name]: first };
}

function fill(folder: string): void {
  for (let at = 0; at < 100; at++) {
    const inner = join(folder, String(at));
    mkdirSync(inner, { recursive: true });
    for (let number = 0; number < 1_000; number++) writeFileSync(join(inner, String(number)), "");
  }
}

/** As AgentAPI 0.12 saves it. */
function savedChat(megabytes: number): string {
  const message = "All is well so far. ".repeat(512);
  const count = Math.round((megabytes * 1e6) / message.length);
  const messages = Array.from({ length: count }, (_, id) => {
    return { id, message, role: id % 2 === 0 ? "user" : "agent", time: "2026-09-23T10:00:00Z" };
  });
  return JSON.stringify({ version: 1, messages, initial_prompt: "", initial_prompt_sent: true });
}
