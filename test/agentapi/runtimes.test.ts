import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { execa } from "execa";
import { describe, expect, it, onTestFinished } from "vitest";
import { findRuntime, runtimeNames } from "../support/runtimes.ts";
import { clientOf, json, stream } from "./http-server.ts";

const source = fileURLToPath(new URL("../../src/agentapi/", import.meta.url));

/** Uses the client as the module does, bundled, and prints what it saw as JSON. */
const program = `
import { createAgentApiClient } from "./client.ts";
import { firstAnswer, until } from "./wait.ts";
const [baseUrl] = process.argv.slice(2);
const client = createAgentApiClient({ baseUrl });
const seen = [await firstAnswer(client, { timeoutMs: 30_000 })];
seen.push(await until(client, (event) => event.event === "status_change", { timeoutMs: 30_000 }));
seen.push(await client.upload(new Blob(["x"]), "name.txt"));
const fail = (promise) => promise.then(() => "no error", (error) => error.kind ?? error.message);
seen.push(await fail(client.messages()));
seen.push(await fail(client.sendMessage({ type: "user", content: "x" }, { timeoutMs: 200 })));
seen.push(await fail(client.status({ signal: AbortSignal.abort(new Error("mine")) })));
seen.push(await fail(createAgentApiClient({ baseUrl: "http://127.0.0.1:1" }).status()));
seen.push(await fail((async () => { for await (const _ of client.events({ idleTimeoutMs: 200 })) continue; })()));
console.log(JSON.stringify(seen));
process.exit(0);
`;

const PROXIES = { HTTP_PROXY: "http://127.0.0.1:9", http_proxy: "http://127.0.0.1:9" };

describe.each([process.execPath, ...runtimeNames])("the client on %s", (runtime) => {
  it.for([
    ["answers, fails and streams as on every other", {}],
    ["goes around a proxy that the environment names", PROXIES],
  ] as const)("%s", { timeout: 60_000 }, async ([, proxies], { skip }) => {
    const isNode = runtime === process.execPath;
    const path = isNode
      ? runtime
      : await findRuntime(runtime as "bun" | "deno").catch(() => skip(`no ${runtime}`));
    const folder = await mkdtemp(join(tmpdir(), "agentapi-client-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const outfile = join(folder, "client.mjs");
    const stdin = { contents: program, resolveDir: source, loader: "ts" as const };
    await build({ stdin, outfile, bundle: true, format: "esm", platform: "node", logLevel: "silent" });
    const { baseUrl } = await clientOf((request, response) => {
      if (request.url === "/status") json({ status: "stable", agent_type: "amp" })(request, response);
      if (request.url === "/events")
        stream(['event: status_change\ndata: {"status":"stable"}\n\n'])(request, response);
      if (request.url === "/upload") json({ ok: true, filePath: "/tmp/name.txt" })(request, response);
      if (request.url === "/messages") json({ no: "messages" })(request, response);
    });
    const flags = runtime === "deno" ? ["run", "--allow-all"] : [];
    const { stdout } = await execa(path, [...flags, outfile, baseUrl], {
      timeout: 30_000,
      env: { NO_COLOR: "1", ...proxies },
    });
    expect(JSON.parse(stdout)).toEqual([
      { status: "stable", agent_type: "amp" },
      { event: "status_change", data: { status: "stable" } },
      { filePath: "/tmp/name.txt" },
      "protocol",
      "timeout",
      "mine",
      "unreachable",
      "timeout",
    ]);
  });
});
