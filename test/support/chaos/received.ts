import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Site } from "./site.ts";

/** What became of a prompt, by those who got it. */
export interface Received {
  /** How often Amp took it. One that is ended before its server has it takes it to the grave. */
  taken: number;
  /** How often it stands in the threads, which is what Amp works on. */
  kept: number;
  /** The same by thread, of those that have it. */
  threads: number[];
}

export async function received(site: Site, prompt: string): Promise<Received> {
  if (site.ampServer) {
    const said = [...site.ampServer.threads.values()].map(
      (messages) => messages.filter(({ role, text }) => role === "user" && text === prompt).length,
    );
    return { taken: sum(said), kept: sum(said), threads: said.filter(Boolean) };
  }
  const entries = (await lines(site.record)).map((line) => JSON.parse(line) as Entry);
  const taken = entries.map(textOf).filter((text) => text === prompt).length;
  const threads = await (site.transport === "terminal" ? keptByTerminal : keptByStream)(site, prompt);
  return { taken, kept: sum(threads), threads: threads.filter(Boolean) };
}

/** The same once it has arrived, or will not any more, and a second one would have followed. */
export async function receivedInTheEnd(site: Site, prompt: string, waitMs = 6_000): Promise<Received> {
  const deadline = performance.now() + waitMs;
  while (performance.now() < deadline && (await received(site, prompt)).kept === 0) await sleep(100);
  if (waitMs > 0) await sleep(1_200);
  return await received(site, prompt);
}

interface Entry {
  base64?: string;
  message?: { type: string; text?: string }[];
}

function textOf({ base64, message }: Entry): string {
  if (base64 !== undefined) return Buffer.from(base64, "base64").toString();
  return (message ?? []).map(({ text = "" }) => text).join("\n");
}

/** The stand-in's own folder of threads: what the real one's server has. */
async function keptByTerminal({ home }: Site, prompt: string): Promise<number[]> {
  const folder = join(home, ".local/share/amp/threads-of-stand-in");
  const said = (await files(folder)).map(async (file) => {
    const messages = (await lines(file)).map((line) => JSON.parse(line) as { role: string; text: string });
    return messages.filter(({ role, text }) => role === "user" && text === prompt).length;
  });
  return await Promise.all(said);
}

async function keptByStream({ home }: Site, prompt: string): Promise<number[]> {
  const said = (await files(join(home, ".amp-stream"))).map(
    async (file) => (await text(file)).split(`## User\n\n${prompt}\n\n`).length - 1,
  );
  return await Promise.all(said);
}

async function files(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).map((name) => join(folder, name));
}

async function lines(file: string): Promise<string[]> {
  return (await text(file)).split("\n").filter((line) => line !== "");
}

function text(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
