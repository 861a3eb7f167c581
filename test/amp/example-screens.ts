/** Screens as the real Amp 0.0.1790142911 draws them, narrower and lower than AgentAPI's terminal. */

const WIDTH = 40;

/** The input box with what is typed into it, and what Amp is busy with. */
export function inputBox(typed = "", activity = ""): string {
  const foot = activity === "" ? "─" : ` ≈ ${activity} ─`;
  const line = (text: string) => `│ ${text.padEnd(WIDTH - 4)} │`;
  return [
    `╭${"─".repeat(WIDTH - 11)} medium ─╮`,
    ...typed.split("\n").map(line),
    line(""),
    `╰${foot.padEnd(WIDTH - 15, "─")} ~/project ─╯`,
  ].join("\n");
}

export const welcome = "\n\n         Welcome to Amp\n         ctrl+o for commands · ? for shortcuts\n\n";

/** The transcript with the input box below; what users said stands behind a mark. */
export function conversation(said: readonly string[], box = inputBox()): string {
  const blocks = said.map((text) =>
    text
      .split("\n")
      .flatMap((line) => line.match(/.{1,34}/g) ?? [""])
      .map((line) => ` ┃ ${line}`)
      .join("\n"),
  );
  return `\n\n${blocks.join("\n\n Echo.\n\n")}\n${box}`;
}

export const tourPage = "   •••:::\n\n   Battle-Tested Agent Modes\n\n      1/5\n  Space to continue\n\n";
export const lastTourPage = "   Customize Amp with Amp\n\n      5/5\n  Enter to get started\n";

export const trustDialog = `
  ╭─ MCP Server Trust Required ─────────╮
  │ New MCP server 'evil' was added.    │
  │ ‣ Trust Server                      │
  │   Deny Server                       │
  ╰──── ↑/↓/j/k move · Enter select ·  Esc deny ─╯

`;

export const failedToLoad = `
   ╭──────────────────────────────╮
   │ ✕ Failed to load             │
   │ http://127.0.0.1/threads/T-1 │
   │ : it broke                   │
   ╰──────────────────────────────╯

${welcome}${inputBox()}`;

export const unknownPage = `   Upgrade your Amp CLI

   This distribution has been deprecated.

   Press Esc to quit
`;

/** A line to type on below a rule, as other agents have it. */
export function ruledLine(typed = "", above = "Welcome to Amp"): string {
  return `${above}\n\n${"─".repeat(WIDTH)}\n  ${typed}`;
}
