import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { methods } from "@agentclientprotocol/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isGroupAlive, scripted } from "../amp/scripted.ts";
import { findRealAmp } from "../support/amp.ts";
import { findRuntime } from "../support/runtimes.ts";
import { buildAgent } from "./bundle.ts";
import { connect, textOf } from "./client.ts";

let bundle: Awaited<ReturnType<typeof buildAgent>>;
beforeAll(async () => {
  bundle = await buildAgent();
});
afterAll(() => bundle.remove());

const amp = await findRealAmp();
const runtimes: [string, string[] | undefined][] = [
  [
    "bun",
    await findRuntime("bun").then(
      (path) => [path],
      () => undefined,
    ),
  ],
  [
    "deno",
    await findRuntime("deno").then(
      (path) => [path, "run", "-A"],
      () => undefined,
    ),
  ],
  ["the Bun inside Amp", amp && ["env", "BUN_BE_BUN=1", amp.path]],
];

describe.each(runtimes)("on %s", (_name, runtime) => {
  test.skipIf(!runtime)(
    "a turn with consent, an image's worth of text, a cancelled turn, the end",
    async () => {
      const at = await scripted("ask");
      mkdirSync(join(at.home, ".config", "amp"), { recursive: true });
      writeFileSync(
        join(at.home, ".config", "amp", "settings.json"),
        '{"amp.permissions":[{"tool":"Bash","action":"ask"}]}',
      );
      const connected = await connect(bundle.path, "ask", {
        at,
        ...(runtime && { runtime }),
        consent: ({ options }) => ({ outcome: "selected", optionId: options[0]?.optionId ?? "" }),
      });
      const { session } = methods.agent;
      const { sessionId } = await connected.agent.request(session.new, { cwd: at.home, mcpServers: [] });
      const prompt = (text: string) =>
        connected.agent.request(session.prompt, { sessionId, prompt: [{ type: "text", text }] });

      await prompt("echo allowed");
      expect(textOf(connected.updates)).toBe("ran it: allowed");
      const long = "ä🧮".repeat(200_000);
      await prompt(`echo: ${long}`);
      expect(textOf(connected.updates).endsWith(`You said: ${long}`)).toBe(true);

      const turn = prompt("wait: x");
      await expect.poll(() => textOf(connected.updates).endsWith("waiting"), { timeout: 20_000 }).toBe(true);
      await connected.agent.notify(session.cancel, { sessionId });
      expect(await turn).toMatchObject({ stopReason: "cancelled" });
      expect(at.calls().filter(({ pid }) => isGroupAlive(pid))).toEqual([]);

      const exit = new Promise((resolve) => connected.process.once("exit", resolve));
      connected.process.stdin?.end();
      expect(await exit).toBe(0);
    },
  );
});
