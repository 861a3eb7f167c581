import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { createAgentApiClient } from "../../src/agentapi/client.ts";
import { until } from "../../src/agentapi/wait.ts";
import { findAgentApi, standInAgentApi } from "../support/agentapi.ts";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";
import { startAmpServer } from "../support/amp-server.ts";
import { writeAmpStandIn, writeNodeProgram } from "../support/stand-ins.ts";
import { drive, makeHome, removeHome } from "./driven.ts";

// AgentAPI cuts its messages out of the screen. The stand-ins must give the same ones as the real pair for the same
// conversation, odd ones included: a prompt said twice in a row has no answer of its own.

const talk = [
  'Hello there, "you" $(id)\nand a second line that is longer than the transcript is wide, so that it has to be wrapped',
  "one\n\nthree",
  "twice",
  "twice",
  "end",
];

const { path: found, real: isRealAgentApi } = await findAgentApi();
const realAmp = await findRealAmp();
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amp-messages-"));
  await writeAmpStandIn(join(folder, "amp"));
  await writeNodeProgram(join(folder, "agentapi"), standInAgentApi);
  return () => rm(folder, { recursive: true, force: true });
});

/** Messages of the conversation; the first one depends on how soon AgentAPI takes the screen for ready. */
async function conversation(agentapi: string, amp: string): Promise<string[]> {
  const server = await startAmpServer();
  const home = await makeHome();
  const driven = await drive({
    agentapi,
    agent: [amp],
    server: server.url,
    home,
    env: { AMP_STANDIN: "{}" },
  });
  try {
    const client = createAgentApiClient({ baseUrl: driven.url, timeoutMs: 40_000 });
    const rests = async () => {
      const isStable = ({ event, data }: { event: string; data: unknown }) =>
        event === "status_change" && (data as { status: string }).status === "stable";
      await until(client, isStable, { timeoutMs: 40_000 });
    };
    await expect.poll(driven.screen, { timeout: 40_000 }).toMatch(/╭─+ medium ─╮/);
    for (const content of talk) {
      await rests();
      await client.sendMessage({ type: "user", content });
      await expect.poll(driven.screen, { timeout: 40_000 }).toContain(`Echo: ${content.split("\n")[0]}`);
    }
    await rests();
    const messages = await client.messages();
    return messages.slice(1).map(({ role, content }) => `${role}: ${content.replace(/ +$/gm, "")}`);
  } finally {
    await driven.end();
    await server.close();
    await removeHome(home);
  }
}

const about = isRealAgentApi ? "the real AgentAPI" : "the stand-in AgentAPI";
test.skipIf(!realAmp)(
  `the stand-ins' messages are those of the real Amp under ${about}${realAmp ? "" : `: LEFT OUT, ${whyNoRealAmp()}`}`,
  async () => {
    const standIns = { amp: join(folder, "amp"), agentapi: join(folder, "agentapi") };
    const [real, ...others] = await Promise.all([
      conversation(found, realAmp?.path ?? ""),
      conversation(found, standIns.amp),
      conversation(standIns.agentapi, standIns.amp),
    ]);
    expect(real).toHaveLength(talk.length * 2);
    expect(others).toEqual([real, real]);
  },
  180_000,
);
