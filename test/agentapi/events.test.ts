import { describe, expect, it } from "vitest";
import type { EventsOptions } from "../../src/agentapi/client.ts";
import type { AgentApiEvent } from "../../src/agentapi/events.ts";
import { always, clientOf, stream } from "./http-server.ts";

const update = { id: 3, role: "agent", message: '日本 😀 "x"\n', time: "2026-01-01T00:00:00Z" };
const updateText = `event: message_update\ndata: ${JSON.stringify(update)}\n\n`;
const statusText = 'event: status_change\ndata: {"status":"stable","agent_type":"amp"}\n\n';
const updateEvent = { event: "message_update", data: update };
const statusEvent = { event: "status_change", data: { status: "stable", agent_type: "amp" } };

describe("events", () => {
  it("puts events together that were cut at every single byte", async () => {
    const bytes = new TextEncoder().encode(updateText + statusText);
    const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(await take(2, pieces)).toEqual([updateEvent, statusEvent]);
  });

  it("reads CRLF, CR, comments, several data lines and events in one packet", async () => {
    const crlf = updateText.replaceAll("\n", "\r\n");
    const folded = `: keep-alive\n\nevent:status_change\nid: 7\nretry: 10\ndata: {"status":\ndata: "running"}\n\n`;
    expect(await take(4, [`${crlf}${statusText.replaceAll("\n", "\r")}${folded}${statusText}`])).toEqual([
      updateEvent,
      statusEvent,
      { event: "status_change", data: { status: "running" } },
      statusEvent,
    ]);
  });

  it("passes on names that it does not know, JSON or not, and one without a name", async () => {
    expect(
      await take(3, ['event: screen\ndata: {"a":1}\n\nevent: note\ndata: plain\n\ndata: 5\n\n']),
    ).toEqual([
      { event: "unknown", name: "screen", data: { a: 1 } },
      { event: "unknown", name: "note", data: "plain" },
      { event: "unknown", name: "message", data: 5 },
    ]);
  });

  it("reads a fault of the agent", async () => {
    const data = { message: "could not load", level: "warning", time: "2026-01-01T00:00:00Z" };
    expect(await take(1, [`event: agent_error\ndata: ${JSON.stringify(data)}\n\n`])).toEqual([
      { event: "agent_error", data },
    ]);
  });

  it("rejects a known event with other data", async () => {
    const reading = take(1, ['event: status_change\ndata: {"status":"asleep"}\n\n']);
    await expect(reading).rejects.toMatchObject({
      kind: "protocol",
      message: expect.stringMatching(/`status` is missing or wrong/),
    });
    await expect(take(1, ["event: status_change\ndata: {half\n\n"])).rejects.toMatchObject({
      kind: "protocol",
    });
  });

  it("rejects what is not a stream of events", async () => {
    const page = await clientOf(always(200, "text/html", "<html>"));
    await expect(collect(page.events(), 1)).rejects.toMatchObject({
      kind: "protocol",
      message: expect.stringContaining("text/html"),
    });
    const failed = await clientOf(always(500, "application/problem+json", '{"detail":"no stream today"}'));
    await expect(collect(failed.events(), 1)).rejects.toMatchObject({
      kind: "http",
      detail: "no stream today",
    });
  });

  it("ends when the server closes and rejects when the connection breaks", async () => {
    const closed = await clientOf(always(200, "text/event-stream", statusText));
    expect(await collect(closed.events())).toEqual([statusEvent]);
    const broken = await clientOf((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(statusText);
      setTimeout(() => response.destroy(), 50);
    });
    await expect(collect(broken.events())).rejects.toMatchObject({ kind: "unreachable" });
  });

  it("ends a silent stream, and one that never begins", async () => {
    const silent = await clientOf(stream([statusText]));
    const reading = collect(silent.events({ idleTimeoutMs: 150 }));
    await expect(reading).rejects.toMatchObject({
      kind: "timeout",
      message: expect.stringMatching(/no event .* within 150 ms/),
    });
    const mute = await clientOf(() => {}, { timeoutMs: 150 });
    await expect(collect(mute.events())).rejects.toMatchObject({ kind: "timeout" });
  });

  it("closes the connection when the loop is left or aborted", async () => {
    let closed = 0;
    const client = await clientOf((request, response) => {
      response.on("close", () => {
        closed += 1;
      });
      stream([statusText])(request, response);
    });
    await collect(client.events(), 1);
    await expect.poll(() => closed).toBe(1);
    const controller = new AbortController();
    const reason = new Error("enough");
    const reading = collect(client.events({ signal: controller.signal }));
    setTimeout(() => controller.abort(reason), 100);
    await expect(reading).rejects.toBe(reason);
    await expect.poll(() => closed).toBe(2);
  });

  it("reads no further than the loop does", async () => {
    let sent = 0;
    const client = await clientOf((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const filler = `event: filler\ndata: ${"x".repeat(64 * 1024)}\n\n`;
      const send = () => {
        while (sent < 2_000 && !response.destroyed) {
          sent += 1;
          if (!response.write(filler)) return void response.once("drain", send);
        }
      };
      send();
    });
    for await (const _event of client.events()) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      break;
    }
    // 2000 events are 128 MiB; what the sockets' own buffers take is a small part of it.
    expect(sent).toBeLessThan(500);
  });
});

async function take(
  count: number,
  pieces: (string | Uint8Array)[],
  options?: EventsOptions,
): Promise<AgentApiEvent[]> {
  return collect((await clientOf(stream(pieces))).events(options), count);
}

async function collect(events: AsyncIterable<AgentApiEvent>, count = Infinity): Promise<AgentApiEvent[]> {
  const taken: AgentApiEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length >= count) break;
  }
  return taken;
}
