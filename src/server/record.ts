import { rmSync } from "node:fs";
import * as z from "zod/mini";
import { readTextIfExists, writeFileAtomic } from "../base/atomic-file.ts";
import { isRunning } from "../base/process-identity.ts";
import { isServer } from "./process.ts";

const schema = z.object({
  pid: z.number(),
  startedAt: z.string(),
  port: z.number(),
  /** Digest of everything that AgentAPI was started with, so that a change can be told. */
  configuration: z.string(),
  /** The agent came up; false while a start still works on that, or was killed over it. */
  isReady: z.boolean(),
});

/** The AgentAPI that this module started, as kept in `state/agentapi.json`. */
export type ServerRecord = z.infer<typeof schema>;

export function writeServerRecord(path: string, record: ServerRecord): void {
  writeFileAtomic(path, JSON.stringify(record));
}

export function removeServerRecord(path: string): void {
  rmSync(path, { force: true });
}

/**
 * The recorded AgentAPI if it still runs. A pid alone proves nothing, it may be another process's by now: the start
 * time must be the recorded one and the command line AgentAPI's.
 */
export function readRunningServer(path: string): ServerRecord | undefined {
  const record = readRecord(path);
  return record && isRunning(record) && isServer(record.pid) ? record : undefined;
}

function readRecord(path: string): ServerRecord | undefined {
  try {
    return schema.parse(JSON.parse(readTextIfExists(path) ?? "null"));
  } catch {
    return undefined;
  }
}
