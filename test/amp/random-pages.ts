import fc from "fast-check";
import { anyCharacter } from "../support/fuzz.ts";
import {
  failedToLoad,
  inputBox,
  lastTourPage,
  ruledLine,
  tourPage,
  trustDialog,
  unknownPage,
  welcome,
} from "./example-screens.ts";

/** A task as people write it; too short to be known by a part of it. */
export const anyPrompt = fc
  .array(
    fc.oneof(
      fc.constantFrom("Fix", "the", "bug", "`id`", "$(x)", "Zoë", "日本語", "1/5"),
      fc.stringMatching(/^[a-z]{3,9}$/),
    ),
    { minLength: 3, maxLength: 15 },
  )
  .map((words) => `Task: ${words.join(" ")}`);

/** A page of a terminal on which a prompt may stand anywhere but behind the mark of what was said. */
export function anyPage(prompt: string): fc.Arbitrary<string> {
  const words = prompt.split(" ");
  const piece = fc.oneof(
    fc.constantFrom(
      welcome,
      tourPage,
      lastTourPage,
      trustDialog,
      failedToLoad,
      unknownPage,
      ruledLine(),
      ruledLine(prompt),
    ),
    fc.constantFrom(
      inputBox(),
      inputBox(prompt),
      inputBox(prompt, "Connecting"),
      inputBox(prompt, "Loading Thread"),
    ),
    fc.constantFrom(
      prompt,
      ` > ${prompt}`,
      `  │ ${prompt} │`,
      `| ${prompt}`,
      `? ${prompt}█`,
      `"${prompt}" was not sent`,
    ),
    // Only a part of it was said, or more than it.
    fc.nat(words.length - 1).map((count) => ` ┃ ${words.slice(0, count).join(" ")}`),
    fc.constant(` ┃ ${prompt} and more`),
    fc.constant(` ┃ You said: ${prompt}`),
    fc.string({ unit: fc.constantFrom(..."╭╮╰╯│─━█ \n\u001b[2Jab•:/0123456789^H\t") }),
    fc.string({ unit: anyCharacter }).map((text) => text.replaceAll("┃", "")),
  );
  return fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join("\n\n"));
}
