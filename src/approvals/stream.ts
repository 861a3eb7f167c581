import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { DOOR, type DoorReply, type DoorRequest } from "../acp/approval-door.ts";
import { ModuleError, reasonOf } from "../base/errors.ts";

/** Asks the stream agent about its questions, or answers one. @throws ModuleError if it cannot be asked */
export async function askStreamAgent(
  stateDir: string,
  request: DoorRequest,
): Promise<Exclude<DoorReply, { error: string }>> {
  let reply: DoorReply;
  try {
    const socket = connect(join(stateDir, DOOR));
    socket.end(JSON.stringify(request));
    reply = JSON.parse(await text(socket)) as DoorReply;
  } catch (cause) {
    throw new ModuleError(
      `The stream agent does not take answers: ${reasonOf(cause)}.`,
      "Run `amp-module status`; if the agent runs, restart it with `amp-module stop` and `amp-module start`.",
      { cause },
    );
  }
  if ("error" in reply) throw new ModuleError(`The stream agent: ${reply.error}`, "Run `amp-module doctor`.");
  return reply;
}
