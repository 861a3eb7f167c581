import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import { screens } from "../support/screen.ts";
import { eventually, implementations, launched, serversOf } from "./contract.ts";

describe.concurrent.each(implementations)("AgentAPI contract, screen: $name", { timeout: 30_000 }, ({
  binary,
}) => {
  const { start, launch } = serversOf(binary);

  it("is streamed as server-sent events named `screen`", async (context) => {
    const { expect } = context;
    const { port } = await start(context);
    const response = await fetch(`http://127.0.0.1:${port}/internal/screen`);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    const first = new TextDecoder().decode((await response.body?.getReader().read())?.value);
    expect(first).toMatch(/^event: screen\ndata: \{"screen":".*"\}\n\n/);
  });

  it("is the whole terminal at once, lines padded to its width, without white space at its end", async (context) => {
    const { expect } = context;
    const { port } = await start(context);
    const lines = (await firstScreen(port)).split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe("Fixture agent ready.".padEnd(67));
    expect(lines[2]).toBe(`╭${"─".repeat(44)}╮`.padEnd(67));
    expect(lines[4]).toBe(`╰${"─".repeat(44)}╯`);
  });

  it("comes again at every change, also what is typed and not yet entered", async (context) => {
    const { expect } = context;
    const { client, port } = await start(context);
    const seen: string[] = [];
    const watching = (async () => {
      for await (const screen of screens(`http://127.0.0.1:${port}`)) {
        seen.push(screen);
        if (/You sent 5 bytes/.test(screen)) return;
      }
    })();
    await eventually(() => seen.length > 0);
    await client.sendMessage({ type: "raw", content: "\x1b[200~typed\x1b[201~" });
    await eventually(() => seen.some((screen) => screen.includes("│ typed")));
    await client.sendMessage({ type: "raw", content: "\r" });
    await watching;
    const changes = seen.filter((screen, index) => screen !== seen[index - 1]);
    expect(changes).toHaveLength(seen.length);
  });

  it("is told while a user message is stuck and nothing else answers", async (context) => {
    const { expect } = context;
    const { client, port } = await start(context, { env: { FIXTURE_BOX: "0" } });
    const stuck = client.sendMessage({ type: "user", content: "lost" }, { timeoutMs: 2_000 });
    const [screen] = await Promise.all([
      sleep(500).then(() => firstScreen(port)),
      expect(stuck).rejects.toMatchObject({ kind: "timeout" }),
    ]);
    expect(screen).toContain("Fixture agent ready.");
  });

  it("is the second screen where the agent switches to one, and the first again afterwards", async (context) => {
    const { expect } = context;
    const code = `process.stdout.write("first screen");
      setTimeout(() => process.stdout.write("\\x1b[?1049h\\x1b[2J\\x1b[Hsecond screen"), 700);
      setTimeout(() => process.stdout.write("\\x1b[?1049l, again"), 2000);
      setInterval(() => {}, 1000);`;
    const { port } = await launched(launch(context, { agent: [process.execPath, "-e", code] }));
    const seen: string[] = [];
    for await (const screen of screens(`http://127.0.0.1:${port}`)) {
      seen.push(screen);
      if (screen.includes("again")) break;
    }
    expect(seen.find((screen) => screen.includes("second"))).toBe("second screen");
    expect(seen.at(-1)).toContain("first screen, again");
  });

  it("has nothing of what an agent asks or tells the terminal itself", async (context) => {
    const { expect } = context;
    const asked = [
      "[?2026$p",
      "P+q4d73\x1b\\",
      "_Gi=1,a=q;s\x1b\\",
      "]11;?\x07",
      "[>4;1m",
      "[<u",
      "[2 q",
      "[38:2::1:2:3m",
    ];
    const output = `\x1b[2J\x1b[H${asked.map((text) => `\x1b${text}`).join("")}seen`;
    const code = `process.stdout.write(${JSON.stringify(output)});
      setInterval(() => {}, 1000);`;
    const { port } = await launched(launch(context, { agent: [process.execPath, "-e", code] }));
    const seen: string[] = [];
    for await (const screen of screens(`http://127.0.0.1:${port}`)) {
      seen.push(screen);
      if (screen.includes("seen")) break;
    }
    expect(seen.at(-1)).toBe("seen");
  });

  it("ends with AgentAPI", async (context) => {
    const server = await start(context);
    const watching = (async () => {
      for await (const _screen of screens(`http://127.0.0.1:${server.port}`));
    })();
    await sleep(200);
    server.process.kill("SIGTERM");
    await watching.catch(() => {});
    await server.ended;
  });
});

async function firstScreen(port: number): Promise<string> {
  for await (const screen of screens(`http://127.0.0.1:${port}`)) return screen;
  throw new Error("the stream ended before its first screen");
}
