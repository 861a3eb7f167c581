import { createInterface, type Interface, type Key } from "node:readline";
import { Writable } from "node:stream";

/** What a person does at the prompt. */
export interface LineInputEvents {
  /** A whole message, of one line or several. */
  onMessage: (text: string) => void;
  /** Ctrl-C: `isEmpty` if nothing was typed. */
  onInterrupt: (isEmpty: boolean) => void;
  /** Ctrl-D, or the end of the input. */
  onEnd: () => void;
}

const PROMPT = "› ";
const CONTINUED = "… ";
/** Asks the terminal to put marks around what is pasted (xterm's bracketed paste), and not to. */
const PASTE_ON = "\u001b[?2004h";
const PASTE_OFF = "\u001b[?2004l";

/**
 * Messages typed on a terminal, with a history and the usual keys. A backslash at a line's end, and a paste of several
 * lines, continue a message.
 */
export class LineInput {
  readonly #readline: Interface;
  readonly #output: Writable & { isMuted: boolean };
  readonly #terminal: NodeJS.WriteStream;
  readonly #events: LineInputEvents;
  #lines: string[] = [];
  #isPasting = false;

  /** @param history earlier messages, oldest first */
  constructor(
    input: NodeJS.ReadStream,
    terminal: NodeJS.WriteStream,
    history: readonly string[],
    events: LineInputEvents,
  ) {
    this.#terminal = terminal;
    this.#events = events;
    this.#output = quietable(terminal);
    this.#readline = createInterface({
      input,
      output: this.#output,
      terminal: true,
      prompt: PROMPT,
      history: history.filter((text) => !text.includes("\n")).reverse(),
      historySize: 500,
    });
    input.on("keypress", (_: string, key: Key | undefined) => {
      if (key?.name === "paste-start") this.#isPasting = true;
      if (key?.name === "paste-end") this.#isPasting = false;
    });
    this.#readline.on("line", (line) => this.#take(line));
    this.#readline.on("SIGINT", () => this.#interrupt());
    this.#readline.on("close", () => {
      terminal.write(PASTE_OFF);
      events.onEnd();
    });
    terminal.write(PASTE_ON);
  }

  /** Shows the prompt with what has been typed meanwhile. */
  ask(): void {
    this.#output.isMuted = false;
    this.#readline.prompt(true);
  }

  /** Leaves the terminal to an answer; what is typed is kept for later. */
  quiet(): void {
    this.#output.isMuted = true;
  }

  close(): void {
    this.#readline.close();
  }

  #take(line: string): void {
    const isContinued = !this.#isPasting && line.endsWith("\\");
    this.#lines.push(isContinued ? line.slice(0, -1) : line);
    this.#readline.setPrompt(CONTINUED);
    if (isContinued || this.#isPasting) {
      this.#readline.prompt();
      return;
    }
    const text = this.#lines.join("\n").trim();
    this.#forget();
    if (text === "") this.#readline.prompt();
    else this.#events.onMessage(text);
  }

  #interrupt(): void {
    const isEmpty = this.#lines.length === 0 && this.#readline.line === "";
    if (!this.#output.isMuted) {
      this.#terminal.write("^C\n");
      this.#forget();
      // Ctrl-U and Ctrl-K, as a person would empty the line.
      this.#readline.write(null, { ctrl: true, name: "u" });
      this.#readline.write(null, { ctrl: true, name: "k" });
    }
    this.#events.onInterrupt(isEmpty);
  }

  #forget(): void {
    this.#lines = [];
    this.#readline.setPrompt(PROMPT);
  }
}

/** readline's output, which can be told to say nothing while an answer is printed. */
function quietable(terminal: NodeJS.WriteStream): Writable & { isMuted: boolean } {
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!quiet.isMuted) terminal.write(chunk);
      done();
    },
  });
  const quiet = Object.assign(output, { isMuted: false });
  Object.defineProperty(quiet, "columns", { get: () => terminal.columns });
  terminal.on("resize", () => quiet.emit("resize"));
  return quiet;
}
