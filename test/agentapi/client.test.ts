import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { createAgentApiClient } from "../../src/agentapi/client.ts";
import { AgentApiError } from "../../src/agentapi/errors.ts";
import { freePort } from "../support/free-port.ts";
import { always, clientOf, json } from "./http-server.ts";

const stableStatus = { status: "stable", agent_type: "amp" };

describe("answers", () => {
  it("reads the status with and without a transport", async () => {
    const withTransport = await clientOf(json({ ...stableStatus, transport: "pty", $schema: "http://x" }));
    expect(await withTransport.status()).toEqual({ ...stableStatus, transport: "pty" });
    expect(await (await clientOf(json(stableStatus))).status()).toEqual(stableStatus);
    const later = await clientOf(json({ ...stableStatus, transport: "carrier pigeon" }));
    expect(await later.status()).toEqual(stableStatus);
  });

  it("reads messages and sends them as JSON", async () => {
    const message = { id: 1, role: "user", content: "日本\n", time: "2026-01-01T00:00:00Z" };
    expect(await (await clientOf(json({ messages: [message] }))).messages()).toEqual([message]);
    const bodies: string[] = [];
    const client = await clientOf(async (request, response) => {
      bodies.push(
        `${request.method} ${request.url} ${(await request.setEncoding("utf8").toArray()).join("")}`,
      );
      json({ ok: true })(request, response);
    });
    await client.sendMessage({ type: "raw", content: '\x1b["\n' });
    expect(bodies).toEqual([`POST /message ${JSON.stringify({ type: "raw", content: '\x1b["\n' })}`]);
  });

  it("uploads a file under its name", async () => {
    const client = await clientOf(async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      const headers = { "content-type": `${request.headers["content-type"]}` };
      const file = (await new Response(body, { headers }).formData()).get("file") as File;
      json({ ok: true, filePath: `/tmp/${file.name} ${await file.text()}` })(request, response);
    });
    expect(await client.upload(new Blob(["bytes"]), "a b.txt")).toEqual({ filePath: "/tmp/a b.txt bytes" });
  });

  it("uses the given fetch", async () => {
    const fetch = async (...given: Parameters<typeof globalThis.fetch>) => {
      const { url, method, body } = new Request(...given);
      if (method === "GET") return Response.json({ ...stableStatus, agent_type: url });
      return Response.json({ detail: await new Response(body).text() }, { status: 418 });
    };
    const client = createAgentApiClient({ baseUrl: "http://nowhere.invalid:1/base", fetch });
    expect((await client.status()).agent_type).toBe("http://nowhere.invalid:1/base/status");
    const refused = await caught(client.sendMessage({ type: "raw", content: "x" }));
    expect(refused).toMatchObject({ kind: "http", status: 418, detail: '{"type":"raw","content":"x"}' });
  });

  it("opens one connection for a request and leaves none: they would hold up AgentAPI's end", async () => {
    const sockets: Socket[] = [];
    const server = createServer(json(stableStatus)).listen(0, "127.0.0.1");
    server.on("connection", (socket) => sockets.push(socket));
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = createAgentApiClient({ baseUrl: `http://127.0.0.1:${port}` });
    for (const expected of [[true], [true, true]]) {
      await client.status();
      await expect.poll(() => sockets.map(({ destroyed }) => destroyed)).toEqual(expected);
    }
  });
});

describe("errors", () => {
  it("explains problem details without repeating what was sent", async () => {
    const problem = {
      title: "Unprocessable Entity",
      detail: "validation failed",
      errors: [
        { message: "too long", location: "body.content", value: "secret prompt" },
        { location: "body.x" },
        null,
      ],
    };
    const client = await clientOf(always(422, "application/problem+json", JSON.stringify(problem)));
    const error = await caught(client.sendMessage({ type: "user", content: "secret prompt" }));
    expect(error).toMatchObject({ kind: "http", status: 422, url: `${client.baseUrl}message` });
    expect(error.detail).toBe(
      "validation failed; body.content: too long; body.x: not accepted; not accepted",
    );
    expect(error.message).toBe(`AgentAPI answered POST ${client.baseUrl}message with 422: ${error.detail}`);
  });

  it("shows the start of an error that is not problem details", async () => {
    const page = `<html>\n\x1b[31m${"proxy ".repeat(200)}</html>`;
    const error = await caught((await clientOf(always(502, "text/html", page))).status());
    expect(error).toMatchObject({ kind: "http", status: 502 });
    expect(error.detail).toMatch(/^<html> \[31mproxy proxy .{150,200}…$/);
    expect(await caught((await clientOf(always(500, "text/plain", ""))).messages())).toMatchObject({
      kind: "http",
      status: 500,
      detail: "(empty)",
    });
  });

  it.each([
    ["no JSON", "<html>hello</html>", /no JSON.*begins: <html>hello/],
    ["half a JSON", '{"status":"sta', /no JSON/],
    ["nothing", "", /no JSON.*\(empty\)/],
    ["another object", '{"hello":1}', /`status` is missing or wrong/],
    ["another status", '{"status":"asleep","agent_type":"amp"}', /`status` is missing or wrong/],
    ["null", "null", /another shape/],
  ])("calls %s a protocol error", async (_name, body, message) => {
    const error = await caught((await clientOf(always(200, "application/json", body))).status());
    expect(error).toMatchObject({ kind: "protocol", message: expect.stringMatching(message) });
  });

  it("follows no redirect: what it leads to is not the AgentAPI that was asked for", async () => {
    const asked: (string | undefined)[] = [];
    const client = await clientOf(({ url }, response) => {
      asked.push(url);
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    expect(await caught(client.status())).toMatchObject({ kind: "http", status: 302, detail: "(empty)" });
    expect(asked).toEqual(["/status"]);
  });

  it("does not take a message for sent that was not", async () => {
    const client = await clientOf(json({ ok: false }));
    const sent = client.sendMessage({ type: "user", content: "x" });
    expect(await caught(sent)).toMatchObject({ kind: "protocol" });
  });

  it("is unreachable where nothing listens, and where the answer breaks off", async () => {
    const nothing = createAgentApiClient({ baseUrl: `http://127.0.0.1:${await freePort()}` });
    const error = await caught(nothing.status());
    expect(error).toMatchObject({ kind: "unreachable", message: expect.stringContaining("ECONNREFUSED") });
    const broken = await clientOf((_request, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{");
      setTimeout(() => response.destroy(), 20);
    });
    expect(await caught(broken.status())).toMatchObject({ kind: "unreachable" });
  });

  it("ends a request at its deadline, before and in the middle of the answer", async () => {
    const silent = await clientOf(() => {}, { timeoutMs: 150 });
    const error = await caught(silent.status());
    expect(error).toMatchObject({ kind: "timeout", message: expect.stringContaining("within 150 ms") });
    expect(
      await caught(silent.sendMessage({ type: "user", content: "x" }, { timeoutMs: 100 })),
    ).toMatchObject({
      kind: "timeout",
    });
    let closed = false;
    const slow = await clientOf((_request, response) => {
      response.on("close", () => {
        closed = true;
      });
      response.writeHead(200).write("{");
    });
    expect(await caught(slow.messages({ timeoutMs: 150 }))).toMatchObject({ kind: "timeout" });
    await expect.poll(() => closed).toBe(true);
  });

  it("rejects with the caller's own reason on abort", async () => {
    const silent = await clientOf(() => {});
    const reason = new Error("changed my mind");
    const controller = new AbortController();
    const waiting = silent.status({ signal: controller.signal });
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(silent.messages({ signal: controller.signal })).rejects.toBe(reason);
  });

  it("refuses an address that fetch cannot use, without repeating its password", () => {
    for (const baseUrl of [
      "http://user:hunter2@host",
      "127.0.0.1:3284",
      "",
      "ftp://host",
      "http://h/?token=hunter2",
    ]) {
      expect(() => createAgentApiClient({ baseUrl })).toThrow(/^baseUrl must be(?!.*hunter2)/);
    }
  });
});

async function caught(promise: Promise<unknown>): Promise<AgentApiError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AgentApiError);
  return error as AgentApiError;
}
