import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../support/free-port.ts";
import { endProcesses } from "../support/processes.ts";
import { screens } from "../support/screen.ts";
import { testApiKey } from "../support/workspace.ts";

/** Carried by AgentAPI, its agent and all that they start. */
const marker = "AMP_TEST_SCREEN";

export interface DrivenOptions {
  /** Path of the AgentAPI to run. */
  agentapi: string;
  /** The agent and its arguments. */
  agent: readonly string[];
  /** For AMP_URL. */
  server?: string;
  env?: Record<string, string>;
  /** 67 unless given, the module's. */
  columns?: number;
  /** 1190 unless given, the module's. */
  lines?: number;
  /** A home of `makeHome`. */
  home: string;
}

/** An agent on AgentAPI's terminal. */
export interface Driven {
  /** AgentAPI's address. */
  url: string;
  /** The screen of this moment, without white space at the ends of its lines. */
  screen(): string;
  /** Types keys. */
  type(keys: string): Promise<void>;
  /** Pastes a text and submits it, as AgentAPI does with a user's message. */
  submit(text: string): Promise<void>;
  /** AgentAPI's exit code and last words, once it ended by itself. */
  ended: Promise<{ exitCode: number | null; words: string }>;
  /** Ends everything. */
  end(): Promise<void>;
}

/** A home with a project folder; the welcome tour has been passed there unless `withTour`. */
export async function makeHome({ withTour = false } = {}): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "amp-screen-"));
  await mkdir(join(home, "project"));
  if (!withTour) await writeHomeFile(home, ".local/share/amp/session.json", '{"neoWelcomeDismissed":true}');
  return home;
}

export async function removeHome(home: string): Promise<void> {
  // A process that was just ended may have left a file behind while the tree was being removed.
  await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

export async function writeHomeFile(home: string, path: string, content: string): Promise<void> {
  await mkdir(dirname(join(home, path)), { recursive: true });
  await writeFile(join(home, path), content);
}

/** Starts an agent under AgentAPI in `project` of a home, with an environment that has nothing of this machine's. */
export async function drive(options: DrivenOptions): Promise<Driven> {
  const { home } = options;
  const id = randomUUID();
  const port = await freePort();
  const { columns = 67, lines = 1190 } = options;
  const child = spawn(
    options.agentapi,
    [
      ...["server", "--type", "amp", "--port", `${port}`],
      ...["--term-width", `${columns}`, "--term-height", `${lines}`, "--", ...options.agent],
    ],
    {
      cwd: join(home, "project"),
      env: {
        HOME: home,
        PATH: process.env["PATH"],
        TMPDIR: home,
        LANG: "C.UTF-8",
        AMP_API_KEY: testApiKey,
        NO_ANIMATION: "1",
        // It would ask npm and a registry at its start.
        AMP_SKIP_UPDATE_CHECK: "1",
        ...(options.server !== undefined && { AMP_URL: options.server }),
        ...options.env,
        [marker]: id,
      },
    },
  );
  let words = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      words += chunk;
    });
  }
  child.stdin.on("error", () => {});
  child.stdin.end();
  const ended = new Promise<{ exitCode: number | null; words: string }>((resolve) => {
    child.once("error", (error) => resolve({ exitCode: null, words: error.message }));
    child.once("close", (exitCode) => resolve({ exitCode, words }));
  });

  const url = `http://127.0.0.1:${port}`;
  const seen: string[] = [];
  const leaving = new AbortController();
  const watching = watch(url, seen, leaving.signal);
  const post = async (content: string) => {
    const body = JSON.stringify({ type: "raw", content });
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/message`, { method: "POST", headers, body });
    if (!response.ok) throw new Error(await response.text());
  };
  return {
    ...{ ended, url },
    screen: () => seen.at(-1) ?? "",
    type: post,
    async submit(text) {
      const before = seen.length;
      await post(`\x1b[200~${text}\x1b[201~`);
      for (const end = Date.now() + 10_000; seen.length === before && Date.now() < end; ) await sleep(25);
      await sleep(300);
      await post("\r");
    },
    async end() {
      leaving.abort();
      await endProcesses(marker, id);
      await Promise.all([ended, watching]);
    },
  };
}

/** Keeps the screens until AgentAPI is gone; it may not answer yet. */
async function watch(url: string, seen: string[], signal: AbortSignal): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end && !signal.aborted; await sleep(25)) {
    try {
      for await (const screen of screens(url, signal)) {
        const text = screen
          .split("\n")
          .map((line) => line.trimEnd())
          .join("\n");
        if (text !== seen.at(-1)) seen.push(text);
      }
      return;
    } catch {
      if (seen.length > 0) return;
    }
  }
}
