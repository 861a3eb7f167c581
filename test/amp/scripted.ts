import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { AmpEvent } from "../../src/amp/events.ts";
import { execute } from "../../src/amp/execute.ts";
import type { Prompt } from "../../src/amp/input.ts";
import type { ExecuteOptions } from "../../src/amp/options.ts";
import { type AmpProbe, probeAmp } from "../../src/amp/probe.ts";
import { SCRIPTED_AMP } from "../support/scripted-amp.ts";

export { SCRIPTED_AMP };

let probe: Promise<AmpProbe> | undefined;

/** What the scripted Amp can do, probed once. */
export function scriptedProbe(): Promise<AmpProbe> {
  probe ??= probeAmp(SCRIPTED_AMP);
  return probe;
}

export interface Call {
  pid: number;
  args: string[];
  cwd: string;
  toolbox?: string;
  extra?: string;
  settings?: { text: string; mode: number };
  mcp?: { text: string; mode: number };
}

export interface Scripted {
  home: string;
  /** Environment that makes the scripted Amp follow `scenario`. */
  env: Record<string, string>;
  /** The options for `execute`. */
  options: ExecuteOptions & { amp: AmpProbe };
  /** How it was called, in order. */
  calls(): Call[];
  /** The process of its only call so far; its group has the same number. @throws Error if there is none or another */
  pid(): number;
  /** The user messages it read, in order. */
  messages(): unknown[];
}

/** A home of its own for one test, and the options with which `execute` runs the scripted Amp there. */
export async function scripted(scenario: string, more: ExecuteOptions = {}): Promise<Scripted> {
  const home = mkdtempSync(join(tmpdir(), "amp-stream-"));
  // A process that is just ending may still write.
  onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  const log = join(home, "calls.jsonl");
  const env = { HOME: home, XDG_CONFIG_HOME: "", AMP_STREAM: scenario, AMP_STREAM_LOG: log };
  const entries = () =>
    existsSync(log)
      ? readFileSync(log, "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as Call & { message?: unknown })
      : [];
  const calls = () => entries().filter((entry) => entry.args);
  return {
    home,
    env,
    options: { cwd: home, graceMs: 300, ...more, amp: await scriptedProbe(), env: { ...env, ...more.env } },
    calls,
    pid: () => {
      const [only, ...others] = calls();
      if (!only || others.length > 0) throw new Error(`the scripted Amp was called ${calls().length} times`);
      return only.pid;
    },
    messages: () => entries().flatMap((entry) => (entry.message === undefined ? [] : [entry.message])),
  };
}

/** All events, and the error the iteration ended with. */
export async function collect(
  prompt: Prompt,
  options: ExecuteOptions,
): Promise<{ events: AmpEvent[]; error: unknown }> {
  const events: AmpEvent[] = [];
  let error: unknown;
  try {
    for await (const event of execute(prompt, options)) events.push(event);
  } catch (thrown) {
    error = thrown;
  }
  return { events, error };
}

/** The text blocks of assistant events, in order. */
export function texts(events: readonly AmpEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === "assistant"
      ? event.message.content.flatMap((block) => ("text" in block ? [String(block["text"])] : []))
      : [],
  );
}

/** Whether any process of the group is left. One that has ended counts as gone, though its parent never asked. */
export function isGroupAlive(group: number): boolean {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        // After the name in brackets: state, parent, group.
        const [state, , pgrp] = readFileSync(`/proc/${pid}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ");
        return Number(pgrp) === group && state !== "Z";
      } catch {
        return false;
      }
    });
}
