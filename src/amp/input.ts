import { AmpError } from "./errors.ts";

/** What a user message can hold. Images are base64; formats as the model's API has them. */
export type InputBlock =
  | { type: "text"; text: string }
  | { type: "image"; source: { type: "base64"; media_type: string; data: string } };

export type InputMessage = string | readonly InputBlock[];

/** One prompt, or messages: all at once, or while Amp runs (it ends when they end and its last turn is done). */
export type Prompt = string | readonly InputMessage[] | AsyncIterable<InputMessage>;

/**
 * The bytes for Amp's stdin. A prompt never goes into the argument list: anybody on the machine can read that, and it
 * is limited to 128 KiB.
 *
 * @param isStreamInput false for an Amp release without `--stream-json-input`, which takes one text
 */
export async function* inputLines(prompt: Prompt, isStreamInput: boolean): AsyncGenerator<string> {
  const messages = typeof prompt === "string" ? [prompt] : prompt;
  let count = 0;
  for await (const message of messages) {
    count += 1;
    if (isStreamInput) yield encode(message);
    else if (count === 1) yield plainText(message);
    else throw noStreamInput("several messages");
  }
}

function encode(message: InputMessage): string {
  const content = typeof message === "string" ? [{ type: "text", text: message }] : message;
  return `${JSON.stringify({ type: "user", message: { role: "user", content } })}\n`;
}

function plainText(message: InputMessage): string {
  if (typeof message === "string") return message;
  return message
    .map((block) => {
      if (block.type !== "text") throw noStreamInput("an image");
      return block.text;
    })
    .join("\n");
}

function noStreamInput(what: string): AmpError {
  return new AmpError("unsupported_version", `This Amp has no --stream-json-input and cannot take ${what}.`);
}
