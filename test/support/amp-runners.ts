import type { RawData, WebSocket } from "ws";

/*
 * The place at which runners (`amp --no-tui`) register with Amp's server: an actor of RivetKit, whose messages are BARE
 * with a version in front, and whose values are CBOR. Seen with Amp 0.0.1790142911.
 */

/** The runners that are connected, and the threads that they are to serve. */
export class Runners {
  /** Names of the actions that runners have asked for, oldest first. */
  readonly actions: string[] = [];
  readonly #peers = new Map<WebSocket, string>();
  readonly #wanted = new Set<string>();

  /** @param protocols the subprotocols that a websocket offers. @returns undefined if it is no runner's */
  static idIn(protocols = ""): string | undefined {
    const parameters = decodeURIComponent(protocols.match(/rivet_conn_params\.([^, ]+)/)?.[1] ?? "");
    const { type, runnerId } = JSON.parse(parameters || "{}") as { type?: string; runnerId?: string };
    return type === "runner" ? runnerId : undefined;
  }

  connect(peer: WebSocket, runner: string): void {
    this.#peers.set(peer, runner);
    peer.on("close", () => this.#peers.delete(peer));
    peer.on("error", () => {});
    peer.on("message", (frame) => this.#answer(peer, frame));
    peer.send(message(INIT, text("actor"), text("connection")));
  }

  /** Has the runners that are connected, and those that come, serve a thread. */
  serve(thread: string): void {
    this.#wanted.add(thread);
    for (const [peer, runnerId] of this.#peers) {
      peer.send(message(EVENT, text("runnerIntentsUpdated"), data(cbor([{ runnerId }]))));
    }
  }

  #answer(peer: WebSocket, frame: RawData): void {
    const action = actionIn(Buffer.from(frame as Buffer));
    if (!action) return;
    this.actions.push(action.name);
    // What it serves already stands in its arguments.
    const missing = [...this.#wanted].filter((thread) => !action.args.includes(thread));
    const intents = missing.map((threadId) => ({ threadId, desired: "running" }));
    peer.send(message(RESPONSE, number(action.id), data(cbor({ ok: true, intents }))));
  }
}

/** The kinds of messages to a client. */
const [INIT, RESPONSE, EVENT] = [0, 2, 3];
/** The only kind from a client that is answered. */
const ACTION = 0;
const VERSION = [2, 0];

function message(kind: number, ...parts: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([...VERSION, kind]), ...parts]);
}

function actionIn(frame: Buffer): { id: number; name: string; args: Buffer } | undefined {
  if (frame[VERSION.length] !== ACTION) return undefined;
  let at = VERSION.length + 1;
  const take = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = frame[at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  const id = take();
  const length = take();
  return { id, name: frame.toString("utf8", at, at + length), args: frame.subarray(at + length) };
}

/** A number in groups of seven bits, the lowest first. */
function number(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

function data(bytes: Buffer): Buffer {
  return Buffer.concat([number(bytes.length), bytes]);
}

function text(value: string): Buffer {
  return data(Buffer.from(value));
}

/** What JSON has, as CBOR (RFC 8949), but for negative and broken numbers. */
function cbor(value: unknown): Buffer {
  if (value === null || value === undefined) return Buffer.from([0xf6]);
  if (typeof value === "boolean") return Buffer.from([value ? 0xf5 : 0xf4]);
  if (typeof value === "number") return head(0, value);
  if (typeof value === "string")
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
  const entries = Object.entries(value);
  return Buffer.concat([head(5, entries.length), ...entries.flatMap(([key, one]) => [cbor(key), cbor(one)])]);
}

function head(type: number, size: number): Buffer {
  if (size < 24) return Buffer.from([(type << 5) | size]);
  if (size < 256) return Buffer.from([(type << 5) | 24, size]);
  return Buffer.from([(type << 5) | 25, size >> 8, size & 255]);
}
