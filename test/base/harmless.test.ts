import fc from "fast-check";
import { expect, test } from "vitest";
import { harmless } from "../../src/base/harmless.ts";
import { holds } from "../support/fuzz.ts";

test.each([
  ["\u001b[31mred\u001b[0m", "red"],
  ["\u001b]0;another title\u0007text", "text"],
  ["\u009b2Jgone", "gone"],
  ["over\rwritten\b\u0000\u007f", "overwritten"],
  ["\u202egpj.exe\u2066", "gpj.exe"],
  ["one\r\ntwo\tthree\n", "one\ntwo\tthree\n"],
  ["Zoë 日本 👩‍💻", "Zoë 日本 👩‍💻"],
])("%j is shown as %j", (text, shown) => expect(harmless(text)).toBe(shown));

test("whatever comes, nothing is left that steers a terminal", async () => {
  const text = fc.string({ unit: fc.constantFrom(..."\u001b\u009b[]0;m7h\u0007\\\r\n\b ab", "\u202e") });
  await holds(
    fc.property(text, (given) => {
      expect(harmless(given)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
    }),
  );
});
