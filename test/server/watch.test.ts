import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { AgentApiError } from "../../src/agentapi/errors.ts";
import { AgentWatch, NotReady } from "../../src/server/watch.ts";
import { conversation, inputBox, welcome } from "../amp/example-screens.ts";
import { type FakeAgentApi, startFakeAgentApi } from "../start/fake-agentapi.ts";

/** Long enough to be sure that nothing was decided, where the decision would be immediate. */
const AWHILE_MS = 150;
const LONG_MS = 20_000;

let server: FakeAgentApi | undefined;
let watch: AgentWatch | undefined;
afterEach(async () => {
  watch?.close();
  await server?.close();
  server = undefined;
  watch = undefined;
});

async function watching(dyingMs?: number) {
  server = await startFakeAgentApi();
  let end = (_: string) => {};
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  watch = new AgentWatch({ client: server.client, ended, ...(dyingMs && { dyingMs }) });
  await server.subscribed(1);
  return { server, watch, end };
}

const rejection = (result: Promise<unknown>) =>
  result.then(
    () => expect.fail("it should have failed"),
    (error: unknown) => error,
  );
const shows = (watch: AgentWatch, text: string) => () => watch.text.includes(text) || undefined;

test("what is looked for is found as soon as the screen shows it, and not before", async () => {
  const { server, watch } = await watching();
  const found = watch.until(shows(watch, "Welcome"), LONG_MS);
  expect(await Promise.race([found, sleep(AWHILE_MS, "pending")])).toBe("pending");
  server.screen(welcome + inputBox());
  expect(await found).toBe(true);
  expect(watch.screen.kind).toBe("input");
});

test("what never comes is undefined after its time", async () => {
  const { watch } = await watching();
  expect(await watch.until(shows(watch, "Welcome"), AWHILE_MS)).toBeUndefined();
});

test("rest begins anew with every change", async () => {
  const { server, watch } = await watching();
  server.screen("one");
  await watch.until(shows(watch, "one"), LONG_MS);
  await sleep(AWHILE_MS);
  expect(watch.restedMs).toBeGreaterThanOrEqual(AWHILE_MS - 50);
  server.screen("two");
  await watch.until(shows(watch, "two"), LONG_MS);
  expect(watch.restedMs).toBeLessThan(AWHILE_MS);
});

test("the process's end decides at once, with the last screen as evidence", async () => {
  const { server, watch, end } = await watching();
  server.screen("Connecting");
  await watch.until(shows(watch, "Connecting"), LONG_MS);
  const looking = watch.until(shows(watch, "Welcome"), LONG_MS);
  const working = watch.during(new Promise(() => {}));
  end("exit code 1");
  for (const result of [looking, working]) {
    const error = await rejection(result);
    expect(error).toBeInstanceOf(NotReady);
    expect(error).toMatchObject({ ending: "exit code 1", screen: "Connecting" });
  }
});

test("a login is no page to wait on: it fails at once, with the screen as evidence", async () => {
  const { server, watch } = await watching();
  const looking = watch.until(shows(watch, "Welcome"), LONG_MS);
  server.screen("No API key found. Starting login flow...\nWould you like to log in to Amp? [(y)es, (n)o]:");
  expect(await rejection(looking)).toMatchObject({
    ending: undefined,
    screen: expect.stringContaining("login"),
  });
});

test("a conversation that speaks of a login is no login", async () => {
  const { server, watch } = await watching();
  server.screen(conversation(["Why does it print: No API key found. Starting login flow..."]));
  expect(await watch.until(() => watch.screen.said[0], LONG_MS)).toMatch(/Startingloginflow/);
});

test.each(["end", "reset"] as const)("a stream that stops (%s) is opened again", async (how) => {
  const { server, watch } = await watching();
  for (const times of [2, 3, 4, 5, 6, 7, 8]) {
    server.drop(how);
    await server.subscribed(times);
    server.screen(`Loading ${times}`);
    expect(await watch.until(shows(watch, `Loading ${times}`), LONG_MS)).toBe(true);
  }
  expect(server.subscriptions).toBe(8);
});

test("while the stream is broken nothing is found, whatever the last screen showed", async () => {
  const { server, watch, end } = await watching();
  server.screen("Welcome");
  await watch.until(shows(watch, "Welcome"), LONG_MS);
  await server.close();
  await sleep(AWHILE_MS);
  const looking = watch.until(shows(watch, "Welcome"), LONG_MS);
  expect(await Promise.race([looking, sleep(AWHILE_MS, "pending")])).toBe("pending");
  end("exit code 1");
  expect(await rejection(looking)).toMatchObject({ ending: "exit code 1", screen: "Welcome" });
});

test("an AgentAPI that closes its stream and takes seconds to go has not lived", async () => {
  const { server, watch, end } = await watching();
  server.screen("Welcome");
  await watch.until(shows(watch, "Welcome"), LONG_MS);
  const lived = watch.livedFor(AWHILE_MS);
  lived.catch(() => {});
  await server.close();
  expect(await Promise.race([lived.catch(() => "dead"), sleep(4 * AWHILE_MS, "pending")])).toBe("pending");
  end("exit code 1");
  expect(await rejection(lived)).toMatchObject({ ending: "exit code 1" });
});

test("a server that stops listening while its process lives is an error, not an endless wait", async () => {
  const { server, watch } = await watching(300);
  await server.close();
  expect(await rejection(watch.until(shows(watch, "Welcome"), LONG_MS))).toBeInstanceOf(AgentApiError);
});

test("an agent has lived for a while from its first screen on", async () => {
  const { server, watch } = await watching();
  await sleep(2 * AWHILE_MS);
  server.screen("Welcome");
  await watch.until(shows(watch, "Welcome"), LONG_MS);
  const lived = watch.livedFor(2 * AWHILE_MS).then(() => "lived");
  expect(await Promise.race([lived, sleep(AWHILE_MS, "pending")])).toBe("pending");
  expect(await lived).toBe("lived");
});

test("an agent that is seen to have reached its server need not live on to be believed", async () => {
  const { server, watch } = await watching();
  server.screen(welcome + inputBox("", "Connecting"));
  await watch.until(shows(watch, "Connecting"), LONG_MS);
  const lived = watch.livedFor(10 * LONG_MS).then(() => "lived");
  expect(await Promise.race([lived, sleep(AWHILE_MS, "pending")])).toBe("pending");
  // Seen only in passing.
  server.screen(welcome + inputBox("", "Thinking"));
  server.screen(welcome + inputBox());
  expect(await lived).toBe("lived");
});

test("nothing stays behind: the stream is closed with the watch", async () => {
  const { server, watch } = await watching();
  watch.close();
  await sleep(AWHILE_MS);
  server.drop("reset");
  await sleep(AWHILE_MS);
  expect(server.subscriptions).toBe(1);
});
