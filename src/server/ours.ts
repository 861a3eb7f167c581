import type { ProcessIdentity } from "../base/process-identity.ts";
import type { Paths } from "../paths.ts";
import { familyOf } from "./end.ts";
import { findLeftServers } from "./left-behind.ts";
import { readRunningServer, type ServerRecord } from "./record.ts";

/** What of this module instance runs here. */
export interface Ours {
  /** The AgentAPI that is on record, with its supervisor. */
  running: ServerRecord | undefined;
  /**
   * AgentAPI, supervisor or agent that belong to no AgentAPI on record: the supervisor was killed, or the state directory
   * was deleted.
   */
  astray: ProcessIdentity[];
}

/** Tells by the record and by the environment of every process: neither alone knows them all. */
export function whatRuns({ running: path, moduleDir }: Paths): Ours {
  const running = readRunningServer(path);
  const family = new Set(running ? familyOf([running]).map(({ pid }) => pid) : []);
  return { running, astray: findLeftServers(moduleDir).filter(({ pid }) => !family.has(pid)) };
}
