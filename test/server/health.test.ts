import { afterEach, describe, expect, test } from "vitest";
import { createAgentApiClient } from "../../src/agentapi/client.ts";
import { identifyProcess, type ProcessIdentity } from "../../src/base/process-identity.ts";
import { serverHealth } from "../../src/server/health.ts";
import { type Server, startStableServer } from "../agentapi/server.ts";
import { findAgentApi, standInAgentApi } from "../support/agentapi.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.dispose();
});

/** A screen with Amp's box, of an agent that takes no notice of what is typed: a message to it stays on its way. */
const deafAgent = ["sh", "-c", "stty -echo; printf '╭────╮\\n│    │\\n╰────╯\\n'; exec sleep 600"];

async function start(binary: string): Promise<{ server: Server; identity: ProcessIdentity }> {
  const server = await startStableServer({ binary, agent: deafAgent });
  servers.push(server);
  const identity = identifyProcess(server.process.pid ?? 0);
  if (!identity) throw new Error("the server is gone");
  return { server, identity };
}

const found = await findAgentApi();
describe.each(
  [...new Set([found.path, standInAgentApi])].map((path) => [
    path === found.path && found.real ? "real" : "stand-in",
    path,
  ]),
)("the %s AgentAPI", (_, binary) => {
  test("answers, is busy with a message, is stopped in the middle of it, goes on, and is gone", async () => {
    const { server, identity } = await start(binary);
    const health = () => serverHealth(server.client, identity);
    expect(await health()).toBe("healthy");

    const sending = server.client.sendMessage({ type: "user", content: "Hi" }).catch(() => {});
    await expect
      .poll(() =>
        server.client.status({ timeoutMs: 300 }).then(
          () => "answers",
          ({ kind }) => kind,
        ),
      )
      .toBe("timeout");
    expect(await health()).toBe("busy");

    process.kill(identity.pid, "SIGSTOP");
    expect(await health()).toBe("hung");
    process.kill(identity.pid, "SIGCONT");
    expect(await health()).toBe("busy");

    process.kill(identity.pid, "SIGKILL");
    await server.ended;
    expect(await health()).toBe("gone");
    await sending;
  }, 60_000);
});

test("a server that runs but does not listen is gone: its supervisor may be about to start it again", async () => {
  const { identity } = await start(found.path);
  const elsewhere = createAgentApiClient({ baseUrl: "http://127.0.0.1:9" });
  expect(await serverHealth(elsewhere, identity)).toBe("gone");
}, 30_000);
