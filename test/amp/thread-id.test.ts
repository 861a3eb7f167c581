import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isThread, threadId } from "../../src/amp/thread-id.ts";

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
