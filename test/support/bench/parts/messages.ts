import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type AgentApiClient, createAgentApiClient } from "../../../../src/agentapi/client.ts";
import { freePort } from "../../free-port.ts";
import { SCRIPTED_AMP } from "../../scripted-amp.ts";
import type { Workspace } from "../../workspace.ts";
import { answered } from "../answered.ts";
import type { Part, Row } from "../part.ts";
import { residentKib } from "../processes.ts";
import { type Figures, inTurn } from "../sample.ts";
import { benchWorkspace } from "../subjects.ts";

/** After so many messages the memory is looked at once more. */
const MANY = 50;

/** What a message costs in both transports, and what stays in memory. */
export const messages: Part = {
  name: "messages",
  title: "Messages and memory",
  about:
    "From `POST /message` until the agent has it, and until AgentAPI calls the agent stable again: 2 s after the screen's " +
    "last change in the terminal, the turn's end in the stream. The floor is a bare `agentapi server` with the same agent. " +
    "Memory is what the module's own processes share proportionally (Pss), without AgentAPI and Amp.",
  rounds: 10,
  async run(rounds) {
    const quick = { AMP_MODULE_MIN_LIFE_MS: "300" };
    const terminal = await benchWorkspace({ env: quick });
    const stream = await benchWorkspace({
      amp: "none",
      env: { ...quick, AMP_CLI_PATH: SCRIPTED_AMP, AMP_STREAM: "echo" },
      variables: { transport: "stream", install_amp: false, status_reports: "off" },
    });
    try {
      for (const each of [terminal, stream]) {
        const { exitCode, stderr } = await each.start();
        if (exitCode !== 0) throw new Error(`a start failed:\n${stderr}`);
      }
      const bare = await bareTerminal(terminal);
      try {
        const said = async ({ client, prompts }: Workspace) => roundTrip("terminal", client, prompts);
        // One message each is the round that does not count.
        const first: Record<string, number> = {};
        const of = await inTurn(rounds, [
          () => said(terminal),
          () => roundTrip("floor", bare.client, terminal.prompts),
          () => roundTrip("stream", stream.client),
          async () => {
            first["terminal"] ??= await residentKib(terminal);
            first["stream"] ??= await residentKib(stream);
            return {};
          },
        ]);
        await hurry(terminal, stream, MANY - rounds - 1);
        const memory = async (name: string, ws: Workspace): Promise<Row[]> => [
          { what: `${name}: memory after 1 message`, unit: "MiB", ours: [(first[name] ?? 0) / 1024] },
          {
            what: `${name}: memory after ${MANY} messages`,
            unit: "MiB",
            ours: [(await residentKib(ws)) / 1024],
          },
        ];
        return [
          {
            what: "terminal: until the agent has it",
            unit: "ms",
            ours: of("terminal reached"),
            floor: of("floor reached"),
          },
          {
            what: "terminal: until stable again",
            unit: "ms",
            ours: of("terminal stable"),
            floor: of("floor stable"),
          },
          { what: "stream: until stable again", unit: "ms", ours: of("stream stable") },
          ...(await memory("terminal", terminal)),
          ...(await memory("stream", stream)),
        ];
      } finally {
        bare.end();
      }
    } finally {
      await terminal.dispose();
      await stream.dispose();
    }
  },
};

async function roundTrip(
  name: string,
  client: AgentApiClient,
  prompts?: Workspace["prompts"],
): Promise<Figures> {
  const before = (await prompts?.())?.length ?? 0;
  const begin = performance.now();
  // In a stream it is answered when the turn ends.
  const posted = client.sendMessage({ type: "user", content: "How far is the moon?" });
  while (prompts && (await prompts()).length === before)
    await Promise.race([sleep(2), posted.then(() => sleep(2))]);
  const reached = performance.now() - begin;
  await posted;
  while ((await client.status()).status !== "stable") await sleep(10);
  return { ...(prompts && { [`${name} reached`]: reached }), [`${name} stable`]: performance.now() - begin };
}

/** As many messages as are missing, typed at once in the terminal: nobody waits for the screen to rest. */
async function hurry(terminal: Workspace, stream: Workspace, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    await terminal.client.sendMessage({ type: "raw", content: `Number ${number}\r` });
    await stream.client.sendMessage({ type: "user", content: `Number ${number}` });
    while ((await stream.client.status()).status !== "stable") await sleep(20);
  }
}

/** AgentAPI with the stand-in Amp of this workspace and nothing of the module. */
async function bareTerminal({
  root,
  home,
  env,
}: Workspace): Promise<{ client: AgentApiClient; end: () => void }> {
  const port = await freePort();
  const size = ["--term-width", "67", "--term-height", "1190"];
  const args = ["server", "--type", "amp", "--port", String(port), ...size, "--", join(home, ".amp/bin/amp")];
  const child = spawn(join(root, "bin/agentapi"), args, { env, cwd: home, stdio: "ignore", detached: true });
  await answered(port);
  const client = createAgentApiClient({ baseUrl: `http://127.0.0.1:${port}`, timeoutMs: 40_000 });
  while ((await client.status()).status !== "stable") await sleep(50);
  return { client, end: () => process.kill(-(child.pid ?? 0), "SIGKILL") };
}
