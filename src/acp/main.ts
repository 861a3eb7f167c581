import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { ndJsonStream } from "@agentclientprotocol/sdk";
import { resolveAmp } from "../amp/resolve.ts";
import { programArguments } from "../base/program.ts";
import { createRedact } from "../base/redact.ts";
import { AmpAgent } from "./agent.ts";
import { askThroughSocket } from "./ask-helper.ts";
import { parseAgentOptions, USAGE } from "./options.ts";
import { AGENT_LINE } from "./signals.ts";
import { AgentStatus } from "./status.ts";

const HELPER = "--ask-through";

// Set if Amp's own Bun runs this file; the Amp that is started here would be a Bun again.
delete process.env["BUN_BE_BUN"];

const [first = "", second = "", third] = process.argv.slice(2);
if (first === HELPER) process.exitCode = await askThroughSocket(second, third);
else if (first === "--help") process.stdout.write(USAGE);
else await serve();

/** Serves one client on stdin and stdout until it goes away. */
async function serve(): Promise<void> {
  const redact = createRedact(process.env);
  const log = (line: string) => process.stderr.write(`${AGENT_LINE}${redact(line)}\n`);
  let options: ReturnType<typeof parseAgentOptions>;
  try {
    options = parseAgentOptions(process.argv.slice(2), process.env);
  } catch (error) {
    process.stderr.write(`${AGENT_LINE}${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  const { probeCache, npmPrefixes } = options;
  const agent = new AmpAgent({
    options,
    amp: () => resolveAmp({ npmPrefixes, ...(probeCache && { probeCache }) }),
    // Deno gives a script no right to read stdin's questions or a socket unless it is told to.
    helper: [
      process.execPath,
      ...(process.versions["deno"] ? ["run", "-A"] : []),
      ...programArguments(fileURLToPath(import.meta.url)),
      HELPER,
    ],
    status: new AgentStatus(process.env, redact, log),
    log,
  });
  // AgentAPI knows no way to end a turn: whoever wants it asks this process.
  process.on("SIGUSR2", () => agent.cancelTurns());
  const output = Writable.toWeb(process.stdout) as WritableStream<Uint8Array>;
  const input = Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>;
  const connection = agent.app.connect(ndJsonStream(output, input));
  const ended = new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
  await Promise.race([connection.closed, ended]);
  await agent.close();
  // A client that keeps its end of the pipe open must not keep this process.
  process.exit(0);
}
