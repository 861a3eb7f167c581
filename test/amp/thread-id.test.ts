import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isThread, threadId } from "../../src/amp/thread-id.ts";
import { anyCharacter, holds } from "../support/fuzz.ts";

const ID = "T-0199c0de-1234-7abc-8def-0123456789ab";
const variables = readFileSync(new URL("../../variables-conversation.tf", import.meta.url), "utf8");
/** The pattern of the variable's validation; a Terraform string escapes as JSON does. */
const inTerraform = new RegExp(
  JSON.parse(variables.match(/regex\(("[^"]*"), var\.thread_id\)/)?.[1] ?? '"no such validation"'),
);

describe("Terraform and the CLI take the same for a thread", () => {
  test.each([
    ID,
    `https://ampcode.com/threads/${ID}`,
    `https://ampcode.com/threads/${ID}/`,
    `https://ampcode.com/threads/${ID}?tab=1`,
    `https://ampcode.com/threads/${ID}#message-3`,
    `https://ampcode.com/threads/${ID}/?tab=1#message-3`,
    `${ID}/`,
  ])("%s is one", (text) => {
    expect([inTerraform.test(text), isThread(text), threadId(text)]).toEqual([true, true, ID]);
  });

  test.each([
    "0199c0de",
    "T-",
    "T--1",
    `${ID} x`,
    `${ID};id`,
    `x${ID}`,
    "https://ampcode.com/threads/",
  ])("%s is none", (text) => expect([inTerraform.test(text), isThread(text)]).toEqual([false, false]));
});

test("whatever the text: it is a thread for both or for none, and an id has nothing but letters, digits and hyphens", async () => {
  const word = fc.constantFrom(
    "T-",
    "T--",
    "0199c0de",
    "-",
    "/",
    "?",
    "#",
    " ",
    "\n",
    "https://ampcode.com/threads/",
    "é",
    "$(id)",
  );
  const text = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.array(word, { maxLength: 6 }).map((words) => words.join("")),
  );
  await holds(
    fc.property(text, (given) => {
      // The variable's value comes without outer white space, and an empty one names none.
      if (given === given.trim() && given !== "") expect(inTerraform.test(given)).toBe(isThread(given));
      if (isThread(given)) {
        expect(threadId(given)).toMatch(/^T-[A-Za-z0-9][A-Za-z0-9-]*$/);
        expect(threadId(threadId(given))).toBe(threadId(given));
      } else expect(() => threadId(given)).toThrow("not an Amp thread");
    }),
  );
});
