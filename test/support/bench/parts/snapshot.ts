import { rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAgentApiClient } from "../../../../src/agentapi/client.ts";
import { postSnapshot } from "../../../../src/conversation/snapshot.ts";
import { exampleContext } from "../../../start/example.ts";
import { startCoderApi } from "../../coder-api.ts";
import { runAsAgent } from "../../run-script.ts";
import type { Part, Row } from "../part.ts";
import { inTurn, timed } from "../sample.ts";

const SIZES_MB = [1, 10, 100];
const TOKEN = "agent-token-of-the-bench";

/** What it costs a stop to leave the last messages with Coder. */
export const snapshot: Part = {
  name: "snapshot",
  title: "Snapshot at a stop",
  about:
    "A conversation of that size is asked for, and its last messages are posted. The floor is `curl` of the same conversation.",
  rounds: 10,
  async run(rounds) {
    const coder = await startCoderApi({ token: TOKEN, taskId: "task-1", answer: 204 });
    const conversation = await startConversations();
    const context = exampleContext(
      { task_id: "task-1" },
      { CODER_AGENT_URL: coder.url, CODER_AGENT_TOKEN: TOKEN },
    );
    const log = context.openLog(context.paths.stopLog, { rotate: true });
    const env = { PATH: process.env["PATH"] ?? "" };
    try {
      const of = await inTurn(
        rounds,
        SIZES_MB.map((size) => async () => {
          const baseUrl = `${conversation.url}/${size}`;
          const client = createAgentApiClient({ baseUrl });
          const before = coder.snapshots.length;
          const ours = await timed(() => postSnapshot(context, client, log));
          const curl = ["curl", "-fsS", "-o", "/dev/null", `${baseUrl}/messages`];
          const { durationMs } = await runAsAgent(curl, { cwd: context.paths.home, env });
          if (coder.snapshots.length === before) throw new Error("no snapshot arrived");
          return { [`${size}`]: ours, [`${size} floor`]: durationMs };
        }),
      );
      return SIZES_MB.map(
        (size): Row => ({ what: `${size} MB`, unit: "ms", ours: of(`${size}`), floor: of(`${size} floor`) }),
      );
    } finally {
      log.close();
      rmSync(context.paths.home, { recursive: true, force: true });
      await coder.close();
      conversation.close();
    }
  },
};

/** AgentAPI's `/messages` of each size, below the path `/<size in MB>`. */
async function startConversations(): Promise<{ url: string; close: () => void }> {
  const answers = new Map(
    SIZES_MB.map((size) => {
      const content = "All is well so far. ".repeat(512);
      const messages = Array.from({ length: Math.round((size * 1e6) / content.length) }, (_, id) => {
        return { id, role: id % 2 === 0 ? "user" : "agent", content, time: "2026-09-23T10:00:00Z" };
      });
      return [`/${size}/messages`, Buffer.from(JSON.stringify({ messages }))];
    }),
  );
  const server = createServer((request, response) => {
    const answer = answers.get(request.url ?? "");
    if (!answer) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": "application/json", "content-length": answer.length });
    response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
