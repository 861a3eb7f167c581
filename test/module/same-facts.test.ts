import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { VISIBILITIES } from "../../src/amp/options.ts";
import { isThread } from "../../src/amp/thread-id.ts";
import { holds } from "../support/fuzz.ts";
import { moduleRoot } from "../support/terraform.ts";

const variables = readdirSync(moduleRoot)
  .filter((name) => name.endsWith(".tf"))
  .map((name) => readFileSync(join(moduleRoot, name), "utf8"))
  .join("\n");

/** The text of one variable's block. */
function blockOf(name: string): string {
  return variables.match(new RegExp(`^variable "${name}" \\{\\n[\\s\\S]*?\\n\\}`, "m"))?.[0] ?? "";
}

test("thread_visibility allows what Amp's part knows", () => {
  const [, list = ""] = blockOf("thread_visibility").match(/contains\(\[([^\]]*)\]/) ?? [];
  expect(JSON.parse(`[${list}]`)).toEqual(["", ...VISIBILITIES]);
});

test("thread_id allows what Amp's part takes for a thread", async () => {
  const [, pattern = ""] = blockOf("thread_id").match(/regex\("\^\$\|([^"]*)", var\.thread_id\)/) ?? [];
  expect(pattern).not.toBe("");
  const word = fc.constantFrom(
    "T-",
    "t-",
    "2775dc92",
    "-",
    "/",
    "?x",
    "#",
    " ",
    "https://ampcode.com/threads",
    "é",
  );
  await holds(
    fc.property(fc.array(word, { maxLength: 6 }), (words) => {
      const text = words.join("");
      fc.pre(text === text.trim());
      expect(new RegExp(pattern).test(text)).toBe(isThread(text));
    }),
  );
});
