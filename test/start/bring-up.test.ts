import { copyFileSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { isRunning, type ProcessIdentity } from "../../src/base/process-identity.ts";
import { DeliveryNote, readDelivery } from "../../src/conversation/delivery-record.ts";
import { bringUp } from "../../src/start/bring-up.ts";
import type { StartPlan } from "../../src/start/plan.ts";
import { inputBox, trustDialog, unknownPage, welcome } from "../amp/example-screens.ts";
import { startAmpServer } from "../support/amp-server.ts";
import { defaultVersion } from "../support/default-release.ts";
import { type ExampleContext, exampleContext } from "./example.ts";
import { type FakeAgentApi, startFakeAgentApi } from "./fake-agentapi.ts";
import { fakeAmp } from "./fake-amp.ts";

let context: ExampleContext;
let server: FakeAgentApi;
let started: ProcessIdentity | undefined;
beforeEach(async () => {
  context = exampleContext({}, { AMP_MODULE_MIN_LIFE_MS: "200" });
  copyFileSync(
    fileURLToPath(new URL("../../scripts/supervisor.sh", import.meta.url)),
    context.paths.supervisor,
  );
  server = await startFakeAgentApi();
});
afterEach(async () => {
  await server.close();
  // Of the whole group: the supervisor's child would outlive it.
  if (started && isRunning(started)) process.kill(-started.pid, "SIGKILL");
  started = undefined;
  rmSync(context.paths.home, { recursive: true, force: true });
});

/** A process that stands for AgentAPI's; what AgentAPI says comes from the fake server. */
async function launch(script: string, prompt = "") {
  const plan: StartPlan = {
    command: { file: process.execPath, args: ["-e", script, "agentapi", "server", ""] },
    env: { PATH: process.env["PATH"] },
    workdir: context.paths.home,
    prompt,
    configuration: "digest",
    savesState: false,
    modes: [],
    agentapiVersion: defaultVersion,
    client: server.client,
  };
  const log = context.openLog(context.paths.startLog, { rotate: true });
  const note = new DeliveryNote(context.paths.delivery, prompt, () => "T-1");
  const result = bringUp(context, plan, { prompt, isDoubtful: false, note }, log).finally(() => log.close());
  result.catch(() => {});
  await Promise.race([server.subscribed(1), result.catch(() => {})]);
  started = record();
  return result;
}

function record(): (ProcessIdentity & Record<string, unknown>) | undefined {
  try {
    return JSON.parse(readFileSync(context.paths.running, "utf8")) as ProcessIdentity &
      Record<string, unknown>;
  } catch {
    return undefined;
  }
}

const log = () => readFileSync(context.paths.startLog, "utf8");
const alive = `setInterval(() => {}, 1000);`;

/** Does `work` as soon as the readiness is watched. */
function whenWatched(work: () => void): void {
  void server.subscribed(1).then(async () => {
    await sleep(20);
    work();
  });
}

test("an agent that comes up is recorded as ready only then, and keeps running", async () => {
  let early: ReturnType<typeof record>;
  const amp = fakeAmp(server);
  const react = server.onPost;
  server.onPost = (message) => {
    early = record();
    react(message);
  };
  server.status("stable");
  whenWatched(amp.draw);
  await launch(alive, "Fix it");
  expect(early).toMatchObject({ isReady: false, configuration: "digest" });
  expect(record()).toEqual({ ...early, isReady: true });
  expect(isRunning(record() as ProcessIdentity)).toBe(true);
  expect(amp.said).toEqual(["Fix it"]);
  expect(readDelivery(context.paths.delivery)).toMatchObject({ state: "delivered", how: "chat" });
  expect(log()).toMatch(/INFO {2}Command: .*node -e .* agentapi server ''\n/);
  expect(log()).toMatch(/Amp has taken the prompt after \d+\.\d s/);
});

test("the stream agent's prompt reaches stdin from a private file, and no log", async () => {
  context.config.transport = "stream";
  const script = `process.stdin.on("data", (d) => console.error(d.length + " bytes\\namp-acp: first event")); ${alive}`;
  await launch(script, "secret plan");
  await expect.poll(log).toContain("11 bytes");
  expect(log()).toContain("Amp has taken the prompt");
  expect(log()).not.toContain("secret plan");
});

test("what the stream agent said of its turn is shown, and not what AgentAPI says when it is ended", async () => {
  context.config.transport = "stream";
  const script = `process.on("SIGTERM", () => { console.error("panic: nil pointer"); process.exit(2); });
    console.error("amp-acp: turn failed: cannot_connect: Error: Amp server returned an error."); ${alive}`;
  const error = (await launch(script, "Fix it").catch((caught: unknown) => caught)) as Error;
  expect(error.message).toMatch(
    /server answers with an error of its own\. The agent's words:\n {2}Error: Amp server/,
  );
  expect(error.message).not.toContain("panic");
});

test("the stream agent's prompt is on record before AgentAPI has it: that sends it before it answers anybody", async () => {
  context.config.transport = "stream";
  const show = `require("node:fs").readFileSync(${JSON.stringify(context.paths.delivery)}, "utf8")`;
  const script = `process.stdin.on("data", () => console.error(${show} + "\\namp-acp: first event")); ${alive}`;
  await launch(script, "Fix it");
  expect(log()).toMatch(/"thread":"T-1","state":"sending"/);
  expect(readDelivery(context.paths.delivery)).toMatchObject({ state: "delivered" });
});

test("a stream agent that ends before its session is open has had no prompt", async () => {
  context.config.transport = "stream";
  await expect(launch("process.exit(1)", "Fix it")).rejects.toThrow();
  expect(readDelivery(context.paths.delivery)).toBeUndefined();
});

test("a first turn that fails is an error of the start, which names it; nothing is left running", async () => {
  context.config.transport = "stream";
  const script = `console.error("amp-acp: turn failed: out_of_credits: Out of Credits"); ${alive}`;
  await expect(launch(script, "Fix it")).rejects.toMatchObject({
    name: "ModuleError",
    message: expect.stringContaining("no credits left"),
  });
  expect(record()).toBeUndefined();
});

test.each([
  ["an unknown page", unknownPage, "Upgrade your Amp CLI"],
  ["a question of Amp's", trustDialog + inputBox(), "MCP Server Trust Required"],
])("%s in the way is an error with its text; the agent runs on for somebody to answer", async (_, screen, words) => {
  context.env["AMP_MODULE_INPUT_MS"] = "400";
  whenWatched(() => server.screen(screen));
  const error = await launch(alive, "Fix it").catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    name: "ModuleError",
    message: expect.stringMatching(new RegExp(`The prompt was not sent[\\s\\S]*${words}`)),
    fix: expect.stringContaining("amp-module start"),
  });
  expect(record()).toMatchObject({ isReady: true });
  expect(isRunning(record() as ProcessIdentity)).toBe(true);
  expect(readDelivery(context.paths.delivery)).toBeUndefined();
  expect(server.posted.filter(({ content }) => content !== ".")).toEqual([]);
});

test("without a prompt a page in the way is a warning with its text", async () => {
  context.env["AMP_MODULE_INPUT_MS"] = "400";
  whenWatched(() => server.screen(unknownPage));
  await launch(alive);
  expect(log()).toMatch(/WARN {2}Amp shows something else than its input box:[\s\S]*Upgrade your Amp CLI/);
});

test("a prompt that nothing shows, while Amp's server answers nobody, fails the start and names that", async () => {
  const silent = await startAmpServer("is-silent");
  onTestFinished(() => silent.close());
  context.env["AMP_URL"] = silent.url;
  fakeAmp(server, { isDeaf: true });
  server.status("stable");
  whenWatched(() => server.screen(welcome + inputBox()));
  await expect(launch(alive, "Fix it")).rejects.toMatchObject({
    kind: "silent",
    message: expect.stringContaining("the Amp server does not answer"),
    fix: expect.stringMatching(/HTTPS_PROXY.*amp_url/),
  });
  expect(record()).toBeUndefined();
  expect(readDelivery(context.paths.delivery)).toMatchObject({ state: "sending" });
}, 60_000);

test("a prompt that nothing shows is warned of, and not called taken", async () => {
  // Refused at once: that is no silence.
  context.env["AMP_URL"] = "http://127.0.0.1:9";
  fakeAmp(server, { isDeaf: true });
  server.status("stable");
  whenWatched(() => server.screen(welcome + inputBox()));
  await launch(alive, "Fix it");
  expect(log()).toMatch(/WARN {2}The prompt was sent, but nothing shows that Amp has it/);
  expect(log()).not.toContain("Amp has taken the prompt");
  expect(readDelivery(context.paths.delivery)).toMatchObject({ state: "sending" });
}, 30_000);

test("an agent that ends is an error with what it printed; nothing is left of it", async () => {
  const result = launch(`console.error("Error: Couldn't connect to the Amp server at https://ampcode.com/.");
    setTimeout(() => process.exit(1), 300)`);
  await expect(result).rejects.toMatchObject({
    name: "ModuleError",
    message: expect.stringMatching(/cannot connect to the Amp server\. AgentAPI ended with exit code 1\./),
  });
  expect(record()).toBeUndefined();
});

test("an agent that asks for a login is ended, its record removed", async () => {
  whenWatched(() => server.screen("No API key found. Starting login flow..."));
  await expect(launch(alive)).rejects.toMatchObject({ message: expect.stringContaining("amp_api_key") });
  expect(started && isRunning(started)).toBe(false);
  expect(record()).toBeUndefined();
});

test("an AgentAPI that cannot be talked to is ended; the error is one that can be acted on", async () => {
  void server.subscribed(1).then(() => server.close());
  await expect(launch(alive)).rejects.toMatchObject({
    name: "ModuleError",
    message: expect.stringContaining("cannot be talked to"),
    fix: expect.stringContaining("agentapi_version"),
  });
  expect(started && isRunning(started)).toBe(false);
  expect(record()).toBeUndefined();
});

test("paths and times of our own log lines are no evidence", async () => {
  const { paths } = context;
  const silent = `/* ECONNREFUSED, unknown mode, address already in use, status 401 */ setTimeout(() => process.exit(1), 200)`;
  const error = await launch(silent).catch((caught: unknown) => caught);
  expect(readFileSync(paths.startLog, "utf8")).toContain("ECONNREFUSED");
  expect(error).toMatchObject({ message: expect.stringContaining("ended before it was ready") });
});
