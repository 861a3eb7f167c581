import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { InputHistory } from "../../src/amp/input-history.ts";
import { DeliveryNote, readDelivery } from "../../src/conversation/delivery-record.ts";
import { seeTerminalThrough, type TerminalOptions } from "../../src/conversation/terminal-readiness.ts";
import { AgentWatch, NotReady } from "../../src/server/watch.ts";
import { failedToLoad, inputBox, lastTourPage, unknownPage, welcome } from "../amp/example-screens.ts";
import { type ExampleContext, exampleContext } from "../start/example.ts";
import { type FakeAgentApi, startFakeAgentApi } from "../start/fake-agentapi.ts";
import { fakeAmp } from "../start/fake-amp.ts";

/** Long enough to be sure that nothing was decided, where the decision would be immediate. */
const AWHILE_MS = 150;
const times = { inputMs: 3_000, restMs: 150, stableMs: 400, confirmMs: 600 };

let context: ExampleContext;
let server: FakeAgentApi;
let watch: AgentWatch;
let end: (ending: string) => void;
beforeEach(async () => {
  context = exampleContext();
  server = await startFakeAgentApi();
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  watch = new AgentWatch({ client: server.client, ended });
});
afterEach(async () => {
  watch.close();
  await server.close();
  rmSync(context.paths.home, { recursive: true, force: true });
});

function record(): string | undefined {
  const found = readDelivery(context.paths.delivery);
  return found === "unreadable" ? found : found?.state;
}

function seeing(prompt: string, options: Partial<TerminalOptions> = {}) {
  const { paths } = context;
  const result = seeTerminalThrough({
    client: server.client,
    watch,
    errand: { prompt, isDoubtful: false, note: new DeliveryNote(paths.delivery, prompt, () => "T-1") },
    openHistory: () => new InputHistory(paths.ampHistory),
    minLifeMs: 0,
    times,
    ...options,
  });
  result.catch(() => {});
  return { result, afterAWhile: () => Promise.race([result, sleep(AWHILE_MS, "pending")]) };
}

test("without a prompt the input box is readiness, and a blank screen is none", async () => {
  const { result, afterAWhile } = seeing("");
  server.status("stable");
  server.screen(" ^H ^H\n");
  expect(await afterAWhile()).toBe("pending");
  server.screen(welcome + inputBox());
  expect(await result).toEqual({ state: "ready" });
  expect(record()).toBeUndefined();
});

test("without a prompt the tour is gone through, too: the first chat message would be lost in it", async () => {
  server.screen(lastTourPage);
  server.onPost = () => server.screen(welcome + inputBox());
  expect(await seeing("").result).toEqual({ state: "ready" });
  expect(server.posted).toEqual([{ type: "raw", content: "\r" }]);
});

test("a prompt is on record as sent before it is sent, and as delivered once it is seen", async () => {
  const seen: unknown[] = [];
  const amp = fakeAmp(server);
  const react = server.onPost;
  server.onPost = (message) => {
    seen.push(record());
    react(message);
  };
  amp.draw();
  server.status("stable");
  const { result } = seeing("Fix it", { minLifeMs: 1_500 });
  await expect.poll(record).toBe("delivered");
  expect(seen).toEqual(["sending"]);
  expect(await Promise.race([result, sleep(0, "pending")])).toBe("pending");
  expect(await result).toEqual({ state: "taken", how: "chat" });
});

test("an agent that ends right after it took the prompt leaves it open whether it arrived", async () => {
  fakeAmp(server).draw();
  server.status("stable");
  const { result } = seeing("Fix it", { minLifeMs: 20_000 });
  await expect.poll(record).toBe("delivered");
  end("exit code 1");
  await expect(result).rejects.toMatchObject({ ending: "exit code 1" });
  expect(record()).toBe("sending");
});

test("a page in the way is told with its text, nothing is on record, and the agent lives on", async () => {
  server.screen(unknownPage);
  expect(await seeing("Fix it").result).toEqual({ state: "blocked", screen: unknownPage });
  expect(await seeing("").result).toEqual({ state: "blocked", screen: unknownPage });
  expect(record()).toBeUndefined();
});

test("a thread that could not be loaded is a failure: another one would get the prompt", async () => {
  server.screen(failedToLoad);
  const error = await seeing("Fix it").result.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(NotReady);
  expect(error).toMatchObject({ ending: undefined, screen: expect.stringContaining("Failed to load") });
});

test("an agent that draws nothing is a failure, with or without a prompt", async () => {
  for (const prompt of ["", "Fix it"]) {
    const { result } = seeing(prompt, { times: { ...times, inputMs: 300 } });
    await expect(result).rejects.toBeInstanceOf(NotReady);
  }
});

test("an agent that is ready at once must still live for a while: offline, real Amp draws first", async () => {
  server.screen(welcome + inputBox());
  const { result, afterAWhile } = seeing("", { minLifeMs: 800 });
  expect(await afterAWhile()).toBe("pending");
  expect(await result).toEqual({ state: "ready" });
});

test("an end within that while is a failure, with what was on the screen", async () => {
  server.screen(welcome + inputBox());
  const { result, afterAWhile } = seeing("", { minLifeMs: 20_000 });
  expect(await afterAWhile()).toBe("pending");
  end("exit code 1");
  await expect(result).rejects.toMatchObject({
    ending: "exit code 1",
    screen: expect.stringContaining("Welcome to Amp"),
  });
});
