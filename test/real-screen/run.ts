import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { expect } from "vitest";
import { type AmpServer, type Said, startAmpServer } from "../support/amp-server.ts";
import { type Driven, drive, makeHome, removeHome, writeHomeFile } from "./driven.ts";
import { type Situation, type Step, threadOfSituations } from "./situations.ts";

/** An Amp that is held to the list of situations. */
export interface AmpUnderTest {
  name: string;
  path: string;
  isReal: boolean;
}

const patienceMs = 40_000;
/** Long enough for a key that does something to be seen. */
const settleMs = 300;

/** Brings an Amp into a situation, goes through its steps and looks at what it leaves. */
export async function play(situation: Situation, amp: AmpUnderTest, agentapi: string): Promise<void> {
  const server = await startAmpServer(situation.server === "nobody" ? "answers" : situation.server);
  const home = await makeHome({ withTour: situation.withTour ?? false });
  const record = join(home, "prompts-of-stand-in");
  try {
    if (situation.branch !== undefined) await makeRepository(join(home, "project"), situation.branch);
    if (situation.history !== undefined) await remember(situation.history, { amp, server, home });
    const stopFlipping = flipLater(server, situation);
    const driven = await drive({
      agentapi,
      agent: [amp.path, ...(situation.args ?? []).map((arg) => arg.replace("THREAD", threadOfSituations))],
      server: situation.server === "nobody" ? "http://127.0.0.1:9" : server.url,
      home,
      ...(situation.columns !== undefined && { columns: situation.columns }),
      ...(situation.lines !== undefined && { lines: situation.lines }),
      env: {
        AMP_STANDIN: JSON.stringify(situation.standIn ?? {}),
        AMP_STANDIN_RECORD: record,
        ...situation.env,
      },
    });
    try {
      for (const step of situation.steps ?? []) await take(step, driven);
      if (situation.ends !== undefined) {
        const { exitCode, words } = await driven.ended;
        expect(normalised(words)).toMatch(situation.ends);
        expect(exitCode).toBe(1);
      }
    } finally {
      stopFlipping();
      await driven.end();
    }
    if (situation.leaves !== undefined) {
      const { file, content } = situation.leaves;
      expect(await readFile(join(home, file), "utf8")).toMatch(content);
    }
    const earlier = situation.history?.filter(({ role }) => role === "user").length ?? 0;
    if (situation.arrived !== undefined) {
      const arrived = amp.isReal ? server.prompts().slice(earlier) : await readRecord(record);
      expect(arrived).toEqual(situation.arrived);
    }
  } finally {
    await server.close();
    await removeHome(home);
  }
}

/** Does what the step does, and waits for a screen on which all is as it says. */
async function take(step: Step, driven: Driven): Promise<void> {
  await sleep(step.afterMs ?? 0);
  if (step.submits !== undefined) await driven.submit(step.submits);
  if (step.keys !== undefined) {
    await driven.type(step.keys);
    await sleep(settleMs);
  }
  for (const end = Date.now() + patienceMs; ; await sleep(25)) {
    const screen = normalised(driven.screen());
    const wrong = [
      ...step.shows.filter((pattern) => !pattern.test(screen)).map((pattern) => `not there: ${pattern}`),
      ...(step.lacks ?? []).filter((pattern) => pattern.test(screen)).map((pattern) => `there: ${pattern}`),
    ];
    if (wrong.length === 0) return;
    if (Date.now() > end) throw new Error(`${wrong.join("\n")}\n--- the screen:\n${screen.slice(-6000)}`);
  }
}

/** Without what differs from run to run: runs of empty lines become one, addresses and threads a word. */
export function normalised(screen: string): string {
  return screen
    .replace(/\n{3,}/g, "\n\n")
    .replace(/http:\/\/127\.0\.0\.1:\d+/g, "URL")
    .replace(/T-[0-9a-f]{8}-[0-9a-f-]{27}/g, "T-ID");
}

async function makeRepository(folder: string, branch: string): Promise<void> {
  const git = (...args: string[]) => execa("git", args, { cwd: folder });
  await git("init", "-q", "-b", branch);
  const author = ["-c", "user.name=Alice", "-c", "user.email=alice@example.com"];
  await git(...author, "commit", "-q", "--allow-empty", "-m", "Begin");
}

/** The real Amp gets a thread's messages from its server, the stand-in from a file. */
async function remember(
  history: readonly Said[],
  { amp, server, home }: { amp: AmpUnderTest; server: AmpServer; home: string },
): Promise<void> {
  if (amp.isReal) return void server.threads.set(threadOfSituations, [...history]);
  const lines = history.map((message) => `${JSON.stringify(message)}\n`).join("");
  await writeHomeFile(home, `.local/share/amp/threads-of-stand-in/${threadOfSituations}.jsonl`, lines);
}

/** Changes the server's behaviour once a request has come. @returns a function that gives up waiting */
function flipLater(server: AmpServer, { later }: Situation): () => void {
  const timer = setInterval(() => {
    if (!server.requests.some(({ name }) => name === later?.request)) return;
    server.behaviour = later?.server ?? server.behaviour;
    clearInterval(timer);
  }, 2);
  return () => clearInterval(timer);
}

async function readRecord(file: string): Promise<string[]> {
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  return lines.map((line) => {
    const { base64 } = JSON.parse(line) as { base64: string };
    return Buffer.from(base64, "base64").toString();
  });
}
