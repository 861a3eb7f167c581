import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COLUMNS, takeScenes } from "../../tools/documents/pictures/scenes.ts";
import { pictureOf, textInPicture } from "../../tools/documents/pictures/svg.ts";
import { screenOf, textOf } from "../../tools/documents/pictures/terminal.ts";
import { findAgentApi } from "../support/agentapi.ts";
import { findRealAmp } from "../support/amp.ts";
import { moduleRoot } from "../support/terraform.ts";

const areReal = (await findAgentApi()).real && (await findRealAmp()) !== undefined;

// A picture of stand-ins would be another one.
test.runIf(areReal)("the pictures show what the commands print: else run `npm run pictures`", async () => {
  for (const { name, output } of await takeScenes()) {
    const screen = textOf(screenOf(output, COLUMNS));
    const picture = readFileSync(join(moduleRoot, `docs/images/${name}.svg`), "utf8");
    expect(wordsOf(screen), name).toEqual(wordsOf(textInPicture(picture)));
    // What is told fits, and the end of it is seen, on the smallest usual terminal.
    expect(screen.split("\n").length, name).toBeLessThanOrEqual(24);
    expect(
      output.split(/\r?\n/).filter((line) => withoutControls(line).length > COLUMNS),
      name,
    ).toEqual([]);
  }
});

test("a terminal's output as a screen: colours, a line that is written anew, one that is too long", () => {
  const screen = screenOf("\u001b[32m✓\u001b[0m ok\r\nold\r\u001b[Jnew\r\nabcdefghijkl", 10);
  expect(textOf(screen)).toBe("✓ ok\nnew\nabcdefghij\nkl");
  expect(screen[0]?.map(({ look }) => look)).toEqual(["green", "", "", ""]);
  const picture = pictureOf("a <title>", screenOf("1 < 2 && 3", 80), 80);
  expect(textInPicture(picture)).toBe("1 < 2 && 3");
  expect(picture).not.toContain("a <title>");
});

/** Without what differs between two runs: numbers, versions, times, and the order of what is done side by side. */
function wordsOf(text: string): string[] {
  return text
    .replace(/\S*\/node\b/g, "node")
    .replace(/\d[\w.]*(-g[\da-f]+)?/g, "#")
    .replace(/# (d|h|min|s)( # (h|min|s))?(?!\w)/g, "# s")
    .split(/\s+/)
    .sort();
}

function withoutControls(line: string): string {
  return line.replace(/\u001b\[[?\d;]*[A-Za-z]/g, "");
}
