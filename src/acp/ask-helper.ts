import { connect } from "node:net";
import { text } from "node:stream/consumers";

/** Exit codes that Amp knows for a delegated rule: 0 allows, 1 would ask, 2 refuses and shows stderr to the model. */
const ALLOW = 0;
const REFUSE = 2;

/**
 * The program of a delegated rule: hands Amp's question to the agent behind `socket` and ends with its answer. Amp
 * gives the tool's arguments as JSON on stdin and its name in AGENT_TOOL_NAME (seen with 0.0.1790142911, as are the
 * exit codes). No agent, no consent.
 *
 * @returns the exit code
 */
export async function askThroughSocket(socket: string): Promise<number> {
  try {
    const input = await text(process.stdin);
    const connection = connect(socket);
    connection.write(`${JSON.stringify({ tool: process.env["AGENT_TOOL_NAME"] ?? "", input })}\n`);
    const { isAllowed, reason } = JSON.parse(await text(connection)) as {
      isAllowed: unknown;
      reason: unknown;
    };
    if (isAllowed === true) return ALLOW;
    process.stderr.write(`${reason}\n`);
  } catch (error) {
    process.stderr.write(
      `Nobody could be asked for consent: ${error instanceof Error ? error.message : error}\n`,
    );
  }
  return REFUSE;
}
