import { rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DeliveryNote } from "../../src/conversation/delivery-record.ts";
import { readKeptThread } from "../../src/conversation/thread.ts";
import { type ExampleContext, exampleContext } from "../start/example.ts";

const thread = "T-0199c0de-1234-7abc-8def-0123456789ab";

let context: ExampleContext;
beforeEach(() => {
  context = exampleContext();
});
afterEach(() => rmSync(context.paths.home, { recursive: true, force: true }));

test("the kept thread is the one in its file; if that is damaged, the one that had the prompt", () => {
  const { paths } = context;
  new DeliveryNote(paths.delivery, "Fix it", () => thread).delivered("chat");
  // Nobody kept one, or somebody wanted a new conversation.
  expect(readKeptThread(paths)).toBeUndefined();
  for (const damaged of ["", '{"threadId":"T-01', '{"threadId":7}', "\0\xff{[<"]) {
    writeFileSync(paths.thread, damaged);
    expect(readKeptThread(paths)).toBe(thread);
  }
  writeFileSync(paths.thread, '{"threadId":"T-0199c0de-1234-7abc-8def-0123456789ac"}');
  expect(readKeptThread(paths)).toBe("T-0199c0de-1234-7abc-8def-0123456789ac");
});

test("a damaged thread file and a damaged record: there is none", () => {
  const { paths } = context;
  writeFileSync(paths.thread, "{");
  writeFileSync(paths.delivery, "{");
  expect(readKeptThread(paths)).toBeUndefined();
});
