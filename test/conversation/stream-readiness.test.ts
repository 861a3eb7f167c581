import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DeliveryNote, readDelivery } from "../../src/conversation/delivery-record.ts";
import { seeStreamThrough } from "../../src/conversation/stream-readiness.ts";
import { NotReady } from "../../src/server/watch.ts";
import { type ExampleContext, exampleContext } from "../start/example.ts";

const AWHILE_MS = 150;

let context: ExampleContext;
let printed: string;
let end: (ending: string) => void;
beforeEach(() => {
  context = exampleContext();
  printed = "time=… level=INFO msg=started\n";
});
afterEach(() => rmSync(context.paths.home, { recursive: true, force: true }));

function record(): string | undefined {
  const found = readDelivery(context.paths.delivery);
  return found === "unreadable" ? found : found?.state;
}

function seeing(prompt: string, times = { firstEventMs: 20_000, readyMs: 20_000 }) {
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const note = new DeliveryNote(context.paths.delivery, prompt, () => undefined);
  if (prompt !== "") note.sending();
  const errand = { prompt, isDoubtful: false, note };
  let told = 0;
  const news = () => {
    const text = printed.slice(told);
    told = printed.length;
    return text;
  };
  const result = seeStreamThrough({ news, ended, errand, times });
  result.catch(() => {});
  return { result, afterAWhile: () => Promise.race([result, sleep(AWHILE_MS, "pending")]) };
}

test("without a prompt the agent's own word is readiness", async () => {
  const { result, afterAWhile } = seeing("");
  expect(await afterAWhile()).toBe("pending");
  printed += "amp-acp: ready\n";
  expect(await result).toEqual({ state: "ready" });
});

test("with a prompt Amp's first event is, and from then on it is on record as delivered", async () => {
  const { result, afterAWhile } = seeing("Fix it");
  printed += "amp-acp: ready\n";
  expect(await afterAWhile()).toBe("pending");
  expect(record()).toBe("sending");
  printed += "amp-acp: first event\n";
  expect(await result).toEqual({ state: "taken", how: "chat" });
  expect(record()).toBe("delivered");
});

test("a first turn that fails before Amp said anything fails the start, and the prompt counts as unsent", async () => {
  const { result } = seeing("Fix it");
  printed += "amp-acp: ready\namp-acp: turn failed: auth_required: Invalid or missing API key.\n";
  await expect(result).rejects.toBeInstanceOf(NotReady);
  expect(record()).toBeUndefined();
});

test("one that fails later leaves it open whether it arrived", async () => {
  const { result } = seeing("Fix it");
  printed += "amp-acp: first event\namp-acp: turn failed: out_of_credits: Out of Credits\n";
  await expect(result).rejects.toBeInstanceOf(NotReady);
  expect(record()).toBe("sending");
});

test("the process's end is a failure", async () => {
  const { result } = seeing("Fix it");
  end("signal SIGKILL");
  await expect(result).rejects.toMatchObject({ ending: "signal SIGKILL" });
});

test("an agent that says nothing for too long: unconfirmed with a prompt, ready without", async () => {
  const times = { firstEventMs: 200, readyMs: 200 };
  expect(await seeing("Fix it", times).result).toEqual({ state: "unconfirmed" });
  expect(await seeing("", times).result).toEqual({ state: "ready" });
});
