import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { type AgentApiClient, createAgentApiClient } from "../../src/agentapi/client.ts";
import { AgentApiError } from "../../src/agentapi/errors.ts";
import { awaitReadiness, NotReady, type ReadinessOptions } from "../../src/start/readiness.ts";
import { freePort } from "../support/free-port.ts";
import { type FakeAgentApi, startFakeAgentApi } from "./fake-agentapi.ts";

/** Waits that the code under test asked for, in milliseconds. */
const waits: number[] = vi.hoisted(() => []);
vi.mock("node:timers/promises", async (original) => {
  const timers = await original<typeof import("node:timers/promises")>();
  const setTimeout: typeof timers.setTimeout = (ms, value, options) => {
    waits.push(ms ?? 0);
    return timers.setTimeout(ms, value, options);
  };
  return { ...timers, setTimeout };
});

/** Long enough to be sure that nothing was decided, where the decision would be immediate. */
const AWHILE_MS = 150;
const long = { answerMs: 20_000, settleMs: 20_000, restMs: 20_000, minLifeMs: 0 };
const forever = new Promise<string>(() => {});

let server: FakeAgentApi | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Readiness of the fake server; `outcome()` is "pending" while nothing is decided. */
async function watching(
  options: Partial<ReadinessOptions> = {},
  fake: Parameters<typeof startFakeAgentApi>[0] = {},
) {
  server = await startFakeAgentApi(fake);
  const result = awaitReadiness({
    client: server.client,
    ended: forever,
    prompt: "",
    onAnswer: () => {},
    times: long,
    ...options,
  });
  result.catch(() => {});
  await server.subscribed(1);
  return {
    server,
    result,
    afterAWhile: () => Promise.race([result, sleep(AWHILE_MS, "pending")]),
  };
}

const rejection = (result: Promise<unknown>) =>
  result.then(
    () => expect.fail("it should have failed"),
    (error: unknown) => error,
  );

test("an answer is no readiness, a stable but blank screen is none either; a drawn and stable one is", async () => {
  const { server, afterAWhile, result } = await watching();
  expect(await afterAWhile()).toBe("pending");
  server.status("stable");
  server.message("agent", " ^H ^H\n", 0);
  expect(await afterAWhile()).toBe("pending");
  server.message("agent", "Welcome to Amp", 0);
  expect(await result).toEqual({ state: "ready" });
});

test("a drawn screen that still changes is no readiness", async () => {
  const { server, afterAWhile, result } = await watching();
  server.message("agent", "Loading");
  expect(await afterAWhile()).toBe("pending");
  server.status("stable");
  expect(await result).toEqual({ state: "ready" });
});

test("with a prompt, ready is when the prompt stands in the conversation, not when the screen rests", async () => {
  const { server, afterAWhile, result } = await watching({ prompt: "Fix it" });
  server.message("agent", "Welcome");
  server.status("stable");
  expect(await afterAWhile()).toBe("pending");
  server.message("user", "Something else");
  server.message("agent", "Fix it");
  expect(await afterAWhile()).toBe("pending");
  server.message("user", "Fix it");
  expect(await result).toEqual({ state: "ready" });
});

test("a prompt that speaks of a login is no login screen", async () => {
  const prompt = "Why does it print: No API key found. Starting login flow...";
  const { server, result } = await watching({ prompt });
  server.message("agent", "Welcome");
  server.message("user", prompt);
  expect(await result).toEqual({ state: "ready" });
});

test("an agent that speaks in events has no screen: stable is ready", async () => {
  const { server, result } = await watching({}, { transport: "acp" });
  server.status("stable");
  expect(await result).toEqual({ state: "ready" });
});

test("a login screen fails at once, with the screen as evidence", async () => {
  for (const prompt of ["", "Fix it"]) {
    const { server, result } = await watching({ prompt });
    server.message("agent", "No API key found. Starting login flow...");
    const error = await rejection(result);
    expect(error).toBeInstanceOf(NotReady);
    expect(error).toMatchObject({
      ending: undefined,
      observed: { screen: expect.stringContaining("login") },
    });
    await server.close();
  }
});

test("the process's end decides at once, with the last screen; no clock is involved", async () => {
  let end = (_: string) => {};
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const { server, afterAWhile, result } = await watching({ ended });
  server.message("agent", "Connecting");
  expect(await afterAWhile()).toBe("pending");
  waits.length = 0;
  end("exit code 1");
  expect(await rejection(result)).toMatchObject({
    ending: "exit code 1",
    observed: { screen: "Connecting" },
  });
  expect(waits).toEqual([]);
});

test("a process that ends before it ever answers is noticed, too", async () => {
  const client = createAgentApiClient({ baseUrl: `http://127.0.0.1:${await freePort()}` });
  const onAnswer = vi.fn();
  const result = awaitReadiness({ client, ended: Promise.resolve("signal SIGKILL"), prompt: "", onAnswer });
  expect(await rejection(result)).toMatchObject({ ending: "signal SIGKILL", observed: { screen: "" } });
  expect(onAnswer).not.toHaveBeenCalled();
});

/** A client whose first answers are refused, as while AgentAPI starts. */
function slowClient(real: AgentApiClient, refusals: number): { client: AgentApiClient; asked: () => number } {
  let asked = 0;
  const status: AgentApiClient["status"] = (options) => {
    asked += 1;
    if (asked > refusals) return real.status(options);
    return Promise.reject(new AgentApiError("unreachable", real.baseUrl, "ECONNREFUSED"));
  };
  return { client: { ...real, status }, asked: () => asked };
}

test("the first answer is asked for every few milliseconds, and told once", async () => {
  server = await startFakeAgentApi();
  server.status("stable");
  server.message("agent", "Welcome");
  const { client, asked } = slowClient(server.client, 8);
  const onAnswer = vi.fn();
  waits.length = 0;
  await awaitReadiness({ client, ended: forever, prompt: "", onAnswer, times: long });
  expect(asked()).toBe(9);
  expect(onAnswer).toHaveBeenCalledTimes(1);
  const polls = waits.slice(0, 8);
  expect(Math.max(...polls)).toBeLessThanOrEqual(25);
});

test("an AgentAPI that never answers is an error of the connection", async () => {
  const client = createAgentApiClient({ baseUrl: `http://127.0.0.1:${await freePort()}` });
  const times = { ...long, answerMs: 60 };
  const error = await rejection(
    awaitReadiness({ client, ended: forever, prompt: "", onAnswer: () => {}, times }),
  );
  expect(error).toMatchObject({ kind: "unreachable" });
});

test.each([
  "end",
  "reset",
] as const)("an event stream that stops (%s) is subscribed to again", async (how) => {
  const { server, result } = await watching();
  for (const times of [2, 3, 4, 5, 6, 7, 8]) {
    server.drop(how);
    await server.subscribed(times);
    server.message("agent", `Loading ${times}`, 0);
  }
  server.status("stable");
  expect(await result).toEqual({ state: "ready" });
  expect(server.subscriptions).toBe(8);
});

test("a server that stops listening while its process lives is an error, not an endless wait", async () => {
  const { server, result } = await watching();
  await server.close();
  expect(await rejection(result)).toBeInstanceOf(AgentApiError);
});

test("a connection that breaks because the process dies is reported as its end", async () => {
  let end = (_: string) => {};
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const { server, result } = await watching({ ended });
  await server.close();
  await sleep(AWHILE_MS);
  end("exit code 1");
  expect(await rejection(result)).toMatchObject({ ending: "exit code 1" });
});

const short = { ...long, restMs: 120 };

test("a screen that rests with the prompt unsent and no rest recognised: unrecognised", async () => {
  const { server, result } = await watching({ prompt: "Fix it", times: short });
  server.message("agent", "╹▀▀▀ new look ▀▀▀");
  expect(await result).toEqual({ state: "unrecognised" });
});

test("a rest that AgentAPI does recognise is unrecognised all the same while the prompt stays unsent", async () => {
  const { server, result } = await watching({ prompt: "Fix it", times: short });
  server.message("agent", "new look");
  server.status("stable");
  expect(await result).toEqual({ state: "unrecognised" });
});

test("without a prompt or with a blank screen nothing is unrecognised: it settles", async () => {
  const times = { ...short, settleMs: 500 };
  const cases: [string, (server: FakeAgentApi) => void][] = [
    ["", (fake) => fake.message("agent", "new look")],
    ["Fix it", () => {}],
    ["Fix it", (fake) => fake.status("stable")],
  ];
  for (const [prompt, act] of cases) {
    const { server, result } = await watching({ prompt, times });
    act(server);
    expect(await result).toEqual({ state: "settling" });
    await server.close();
  }
});

test("a screen that keeps changing does not rest", async () => {
  const { server, result } = await watching({
    prompt: "Fix it",
    times: { ...long, settleMs: 900, restMs: 600 },
  });
  const timer = setInterval(() => server.message("agent", `spinner ${Math.random()}`, 0), 20);
  expect(await result).toEqual({ state: "settling" });
  clearInterval(timer);
});

test("an agent that is ready at once must still live for a while: offline, real Amp draws first", async () => {
  const { server, afterAWhile, result } = await watching({ times: { ...long, minLifeMs: 400 } });
  server.status("stable");
  server.message("agent", "Welcome");
  expect(await afterAWhile()).toBe("pending");
  expect(await result).toEqual({ state: "ready" });
});

test("an end within that while is a failure, with what was on the screen", async () => {
  let end = (_: string) => {};
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const { server, afterAWhile, result } = await watching({ ended, times: { ...long, minLifeMs: 20_000 } });
  server.status("stable");
  server.message("agent", "Welcome");
  expect(await afterAWhile()).toBe("pending");
  end("exit code 1");
  expect(await rejection(result)).toMatchObject({ ending: "exit code 1", observed: { screen: "Welcome" } });
});

test("nothing stays behind: the event stream is closed when all is decided", async () => {
  const { server, result } = await watching();
  server.status("stable");
  server.message("agent", "Welcome");
  await result;
  const before = server.subscriptions;
  server.drop("reset");
  await sleep(AWHILE_MS);
  expect(server.subscriptions).toBe(before);
});
