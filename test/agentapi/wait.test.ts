import { createServer } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { createAgentApiClient } from "../../src/agentapi/client.ts";
import { AgentApiError } from "../../src/agentapi/errors.ts";
import type { AgentApiEvent } from "../../src/agentapi/events.ts";
import { firstAnswer, until } from "../../src/agentapi/wait.ts";
import { freePort } from "../support/free-port.ts";
import { always, clientOf, json, stream } from "./http-server.ts";

const isStable = (event: AgentApiEvent) => event.event === "status_change" && event.data.status === "stable";
const stableText = 'event: status_change\ndata: {"status":"stable"}\n\n';

describe("firstAnswer", () => {
  it("notices a server soon after it listens", async () => {
    const port = await freePort();
    const client = createAgentApiClient({ baseUrl: `http://127.0.0.1:${port}` });
    const server = createServer(json({ status: "running", agent_type: "amp" }));
    onTestFinished(() => void server.close());
    let listeningAt = 0;
    setTimeout(() => server.listen(port, "127.0.0.1", () => (listeningAt = performance.now())), 300);
    expect(await firstAnswer(client, { timeoutMs: 20_000 })).toMatchObject({ status: "running" });
    // Below 25 ms on a free machine; this one also runs other tests.
    expect(performance.now() - listeningAt).toBeLessThan(1_000);
  });

  it("asks many times a second", async () => {
    let asked = 0;
    const status = async () => {
      asked += 1;
      throw new AgentApiError("unreachable", "http://x/", "nobody there");
    };
    const client = { ...createAgentApiClient({ baseUrl: "http://x" }), status };
    await expect(firstAnswer(client, { timeoutMs: 500 })).rejects.toThrow("nobody there");
    expect(asked).toBeGreaterThan(10);
  });

  it("gives up where nothing ever listens, answers, or is AgentAPI", async () => {
    const nothing = createAgentApiClient({ baseUrl: `http://127.0.0.1:${await freePort()}` });
    await expect(firstAnswer(nothing, { timeoutMs: 100 })).rejects.toMatchObject({ kind: "unreachable" });
    const silent = await clientOf(() => {});
    await expect(firstAnswer(silent, { timeoutMs: 100 })).rejects.toMatchObject({ kind: "timeout" });
    const other = await clientOf(always(200, "text/html", "<html>"));
    await expect(firstAnswer(other, { timeoutMs: 20_000 })).rejects.toMatchObject({ kind: "protocol" });
  });

  it("ends with the caller's signal", async () => {
    const client = createAgentApiClient({ baseUrl: `http://127.0.0.1:${await freePort()}` });
    const reason = new Error("stop");
    const signal = AbortSignal.abort(reason);
    await expect(firstAnswer(client, { timeoutMs: 20_000, signal })).rejects.toBe(reason);
  });
});

describe("until", () => {
  it("gives the first event that is accepted", async () => {
    const client = await clientOf(
      stream(['event: status_change\ndata: {"status":"running"}\n\n', stableText]),
    );
    expect(await until(client, isStable, { timeoutMs: 20_000 })).toEqual({
      event: "status_change",
      data: { status: "stable" },
    });
  });

  it("subscribes again when the server closes the stream", async () => {
    let subscriptions = 0;
    const client = await clientOf((request, response) => {
      subscriptions += 1;
      always(200, "text/event-stream", subscriptions < 3 ? "" : stableText)(request, response);
    });
    await until(client, isStable, { timeoutMs: 20_000 });
    expect(subscriptions).toBe(3);
  });

  it("ends at its deadline, with the server, and with the caller's signal", async () => {
    const silent = await clientOf(stream([": nothing\n\n"]));
    const waiting = until(silent, isStable, { timeoutMs: 200 });
    await expect(waiting).rejects.toMatchObject({
      kind: "timeout",
      message: expect.stringMatching(/within 200 ms/),
    });
    const gone = createAgentApiClient({ baseUrl: `http://127.0.0.1:${await freePort()}` });
    await expect(until(gone, isStable, { timeoutMs: 20_000 })).rejects.toMatchObject({ kind: "unreachable" });
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("stop")), 50);
    const { signal } = controller;
    await expect(until(silent, isStable, { timeoutMs: 20_000, signal })).rejects.toThrow("stop");
  });
});
