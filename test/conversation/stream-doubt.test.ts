import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { createAgentApiClient } from "../../src/agentapi/client.ts";
import { findAgentApi } from "../support/agentapi.ts";
import { received } from "../support/chaos/received.ts";
import { createSite, type Site } from "../support/chaos/site.ts";
import { processTree, signal } from "../support/chaos/tree.ts";

const prompt = "Write a haiku";
const ARRIVAL = { timeout: 20_000, interval: 200 };
const { real } = await findAgentApi();

let site: Site | undefined;
afterEach(() => site?.dispose());

async function create(env: Record<string, string> = {}): Promise<Site> {
  site = await createSite({ transport: "stream", config: { ai_prompt: prompt }, env });
  return site;
}

const stateOf = ({ moduleDir }: Site, name: string) => join(moduleDir, "state", name);
const kept = async (at: Site) => (await received(at, prompt)).kept;

describe.skipIf(!real)("a stream's prompt (the stand-in AgentAPI has no streams)", () => {
  test("that was on its way to a thread with a name already, and never arrived, is sent by the next start", async () => {
    const at = await create({ AMP_STREAM_CONNECT_MS: "60000" });
    const first = at.begin();
    await expect
      .poll(() => existsSync(stateOf(at, "thread.json")), { ...ARRIVAL, timeout: 60_000 })
      .toBe(true);
    await at.killAll();
    await first.ended;
    expect(await kept(at)).toBe(0);
    const thread = await readFile(stateOf(at, "thread.json"), "utf8");

    expect(await at.start({ env: { AMP_STREAM_CONNECT_MS: "0" } })).toMatchObject({ exitCode: 0 });
    await expect.poll(() => kept(at), ARRIVAL).toBe(1);
    expect(await readFile(stateOf(at, "thread.json"), "utf8")).toBe(thread);
  });

  test("that nothing confirmed is looked for on its thread before a start on the running agent sends it", async () => {
    const at = await create();
    expect(await at.start()).toMatchObject({ exitCode: 0 });
    // As a first event that does not come within a minute leaves it.
    const record = JSON.parse(await readFile(stateOf(at, "delivery.json"), "utf8")) as object;
    await writeFile(stateOf(at, "delivery.json"), JSON.stringify({ ...record, state: "sending" }));

    expect(await at.start()).toMatchObject({ exitCode: 0 });
    expect(await at.log("agentapi-start")).toContain("it is left alone");
    expect(await readFile(stateOf(at, "delivery.json"), "utf8")).toContain('"earlier"');
    expect((await received(at, prompt)).taken).toBe(1);
  });

  test("and what follows a crash of AgentAPI stand in one conversation", async () => {
    const at = await create();
    expect(await at.start()).toMatchObject({ exitCode: 0 });
    const thread = await readFile(stateOf(at, "thread.json"), "utf8");
    const [server = 0] = (await processTree(at)).agentapi;
    signal(server, "SIGKILL");
    await expect
      .poll(async () => (await processTree(at)).agentapi, ARRIVAL)
      .not.toEqual(expect.arrayContaining([server]));
    const client = createAgentApiClient({ baseUrl: `http://127.0.0.1:${at.config.agentapi_port}` });
    const say = () =>
      client.sendMessage({ type: "user", content: "And another" }).then(
        () => true,
        () => false,
      );
    await expect.poll(say, { ...ARRIVAL, timeout: 40_000 }).toBe(true);
    await expect.poll(async () => (await received(at, "And another")).threads, ARRIVAL).toEqual([1]);
    expect(await readFile(stateOf(at, "thread.json"), "utf8")).toBe(thread);
  });
});
