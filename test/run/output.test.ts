import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import type { AmpEvent } from "../../src/amp/events.ts";
import { Output } from "../../src/run/output.ts";

/** What stdout gets of a text that the model says. */
async function shown(text: string, isTTY: boolean): Promise<string> {
  const stdout = Object.assign(new PassThrough(), { isTTY });
  const message = { role: "assistant", content: [{ type: "text", text }] };
  const event = { type: "assistant", message, session_id: "T-1", parent_tool_use_id: null };
  await new Output(stdout).show(event as unknown as AmpEvent);
  return String(stdout.read());
}

test("what the model says does not steer the terminal; a file or pipe gets it as it is", async () => {
  const said = "\u001b]0;title\u0007red \u001b[31mtext\u009b2J\rover\n\ttab";
  expect(await shown(said, true)).toBe("red textover\n\ttab\n");
  expect(await shown(said, false)).toBe(`${said}\n`);
});
