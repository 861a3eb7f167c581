import fc from "fast-check";
import { expect, test } from "vitest";
import { pasted } from "../../src/amp/paste.ts";

const END = "\u001b[201~";

test("a paste ends with its own end alone, whatever the text holds", () => {
  const pieces = fc.constantFrom("\u001b[20", "1~", "\u001b[201~", "\u009b201~", "\u009b20", "a", "\n");
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (text) => {
      const typed = pasted(text.join(""));
      expect(typed.startsWith("\u001b[200~")).toBe(true);
      expect(typed.indexOf(END)).toBe(typed.length - END.length);
      expect(typed).not.toContain("\u009b201~");
    }),
  );
});

test("everything else stays as it is", () => {
  expect(pasted("two\nlines, `$(id)` \u001b[31mred")).toBe(
    "\u001b[200~two\nlines, `$(id)` \u001b[31mred\u001b[201~",
  );
});
