import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DeliveryNote, readDelivery, whatIsLeft } from "../../src/conversation/delivery-record.ts";
import { type ExampleContext, exampleContext } from "../start/example.ts";

let context: ExampleContext;
let path: string;
beforeEach(() => {
  context = exampleContext();
  path = context.paths.delivery;
});
afterEach(() => rmSync(context.paths.home, { recursive: true, force: true }));

const left = (prompt: string, thread: string | undefined) => whatIsLeft(readDelivery(path), prompt, thread);

test("a prompt that nothing is known of is to be sent; no prompt never is", () => {
  expect(left("Fix it", "T-1")).toBe("send");
  expect(left("", "T-1")).toBe("nothing");
});

test("a prompt is doubtful until it is seen to have arrived, on its own thread only", () => {
  const note = new DeliveryNote(path, "Fix it", () => "T-1");
  note.sending();
  expect(left("Fix it", "T-1")).toBe("doubtful");
  note.delivered("chat");
  expect(left("Fix it", "T-1")).toBe("nothing");
  expect(left("Fix it", "T-2")).toBe("send");
  expect(left("Another", "T-1")).toBe("send");
  note.notSent();
  expect(left("Fix it", "T-1")).toBe("send");
  expect(existsSync(path)).toBe(false);
});

test("a thread that got its name after the prompt was sent may not have it yet", () => {
  let thread: string | undefined;
  const note = new DeliveryNote(path, "Fix it", () => thread);
  note.sending();
  expect(left("Fix it", undefined)).toBe("doubtful");
  expect(left("Fix it", "T-1")).toBe("doubtful");
  thread = "T-1";
  note.delivered("chat");
  expect(left("Fix it", "T-1")).toBe("nothing");
  expect(left("Fix it", "T-2")).toBe("send");
});

test("the prompt itself stands in no file, and a damaged record leaves the question open", () => {
  new DeliveryNote(path, "secret plan", () => "T-1").sending();
  expect(readFileSync(path, "utf8")).not.toContain("secret");
  writeFileSync(path, '{"prompt":"');
  expect(left("secret plan", "T-1")).toBe("doubtful");
});
