import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { PermissionRule } from "../amp/options.ts";
import { PrivateFolder } from "../amp/private-files.ts";
import { quote } from "../base/shell.ts";

/** A tool call that a rule wants somebody's consent for. */
export interface PermissionQuestion {
  tool: string;
  /** The tool's arguments; undefined if they are no JSON. */
  input: unknown;
}

export interface PermissionAnswer {
  isAllowed: boolean;
  /** Told to the model if it is refused. */
  reason: string;
}

export type Decide = (question: PermissionQuestion, signal: AbortSignal) => Promise<PermissionAnswer>;

/**
 * Where Amp's questions arrive. Amp runs `program` for a delegated rule; the program passes the question on through a
 * socket in a folder that only this user can enter, and ends with what comes back. Whatever goes wrong is a refusal.
 */
export class PermissionBroker {
  /** The program for `delegate` rules; it takes no arguments. */
  readonly program: string;
  readonly #folder: PrivateFolder;
  readonly #server: Server;
  readonly #command: readonly string[];
  readonly #deciders = new Map<string, string>();

  private constructor(folder: PrivateFolder, server: Server, command: readonly string[]) {
    this.#folder = folder;
    this.#server = server;
    this.#command = command;
    this.program = this.#write("ask", []);
  }

  /** @param command how to start this program's helper, to which the socket's path is added */
  static async open(command: readonly string[], decide: Decide): Promise<PermissionBroker> {
    const folder = new PrivateFolder();
    const socket = join(folder.path, "s");
    const server = createServer((connection) => void answer(connection, decide));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(socket, resolve);
    });
    return new PermissionBroker(folder, server, [...command, socket]);
  }

  /** A program that lets `decider`, the program of a user's own rule, decide, and asks only if that wants it. */
  programFor(decider: string): string {
    const known = this.#deciders.get(decider);
    if (known) return known;
    const program = this.#write(`ask-${this.#deciders.size + 1}`, [decider]);
    this.#deciders.set(decider, program);
    return program;
  }

  #write(name: string, args: readonly string[]): string {
    const words = [...this.#command, ...args].map(quote).join(" ");
    // An official Amp binary runs JavaScript when it is told to be the Bun inside it.
    const bun = process.versions["bun"] ? "BUN_BE_BUN=1 " : "";
    return this.#folder.write(name, `#!/bin/sh\n${bun}exec ${words}\n`, 0o700);
  }

  close(): void {
    this.#server.close();
    this.#folder.remove();
  }
}

/** Makes each rule that asks, or that may turn out to, one that asks through `broker`. */
export function delegateTo(
  broker: Pick<PermissionBroker, "program" | "programFor">,
): (rule: PermissionRule) => PermissionRule {
  return (rule) => {
    if (rule.action === "ask") return { ...rule, action: "delegate", to: broker.program };
    return rule.action === "delegate" && rule.to ? { ...rule, to: broker.programFor(rule.to) } : rule;
  };
}

/** Answers one connection: a line of JSON in, a line of JSON out. */
async function answer(connection: Socket, decide: Decide): Promise<void> {
  const gone = new AbortController();
  for (const event of ["error", "end", "close"]) connection.on(event, () => gone.abort());
  let result: PermissionAnswer;
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of connection.iterator({ destroyOnReturn: false })) {
      chunks.push(chunk);
      if (chunk.includes(10)) break;
    }
    // Reads on, though nothing more is to come: only so the end of the asking program is noticed.
    connection.resume();
    const { tool, input } = JSON.parse(Buffer.concat(chunks).toString()) as { tool: string; input: string };
    result = await decide({ tool, input: parsed(input) }, gone.signal);
  } catch (error) {
    result = { isAllowed: false, reason: error instanceof Error ? error.message : String(error) };
  }
  connection.end(`${JSON.stringify(result)}\n`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
