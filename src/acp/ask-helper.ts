import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { startChild } from "../base/child.ts";

/** Exit codes that Amp knows for a delegated rule: 0 allows, 1 would ask, 2 refuses and shows stderr to the model. */
const ALLOW = 0;
const ASK = 1;
const REFUSE = 2;

/**
 * The program of a delegated rule: hands Amp's question to the agent behind `socket` and ends with its answer. Amp
 * gives the tool's arguments as JSON on stdin and its name in AGENT_TOOL_NAME (seen with 0.0.1790142911, as are the
 * exit codes). No agent, no consent.
 *
 * @param decider program of a rule of the user's own, which decides first
 * @returns the exit code
 */
export async function askThroughSocket(socket: string, decider?: string): Promise<number> {
  try {
    const input = await text(process.stdin);
    const decision = decider === undefined ? ASK : await decisionOf(decider, input);
    if (decision !== ASK) return decision;
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

/** Runs a program as Amp does: no arguments, the tool's input on stdin, `~/` and `%NAME%` in its path filled in. */
async function decisionOf(decider: string, input: string): Promise<number> {
  const path = decider
    .replace(/^~(?=\/|$)/, process.env["HOME"] ?? "~")
    .replace(/%([^%]+)%/g, (whole, name: string) => process.env[name] || whole);
  const { child, isStarted, exited } = startChild(path, [], {
    env: process.env,
    stdio: ["pipe", "ignore", "inherit"],
    // Amp ends the whole of a call that was given up.
    hasOwnGroup: false,
  });
  // A program that does not read its input has decided all the same.
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  await isStarted;
  return (await exited).code ?? REFUSE;
}
