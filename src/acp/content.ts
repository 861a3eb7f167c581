import { type ContentBlock, RequestError } from "@agentclientprotocol/sdk";
import type { InputBlock } from "../amp/input.ts";

/** A prompt that Amp cannot be given. */
export class BadPrompt extends RequestError {
  constructor(message: string, data?: unknown) {
    super(-32602, message, data);
  }
}

/**
 * Turns a prompt of the client into a user message for Amp.
 * @throws BadPrompt for audio, and if there is nothing to read: under AgentAPI a key that somebody presses, such as
 * Ctrl-C, arrives as a prompt
 */
export function toInputBlocks(prompt: readonly ContentBlock[]): InputBlock[] {
  if (prompt.every((block) => block.type === "text" && !isReadable(block.text))) {
    throw new BadPrompt(
      "The prompt has nothing but control characters and white space: it was not given to Amp.",
    );
  }
  return prompt.map(toInputBlock);
}

function isReadable(prompt: string): boolean {
  // What keys such as the arrows send is made of letters, too.
  const keyless = prompt.replace(/\u001b(\[[0-?]*[ -/]*[@-~]|O[@-~])/g, "");
  return /[^\p{C}\p{Z}]/u.test(keyless);
}

function toInputBlock(block: ContentBlock): InputBlock {
  switch (block.type) {
    case "text":
      return text(block.text);
    case "image":
      return image(block.mimeType, block.data);
    case "resource_link":
      return text(`@${localPath(block.uri) ?? block.uri}`);
    case "resource":
      return embedded(block.resource);
    default:
      throw new BadPrompt("Amp takes text, images and resources", { type: block.type });
  }
}

function embedded(
  resource: { uri: string; mimeType?: string | null } & ({ text: string } | { blob: string }),
): InputBlock {
  const name = localPath(resource.uri) ?? resource.uri;
  if ("text" in resource) return text(`<file path=${JSON.stringify(name)}>\n${resource.text}\n</file>`);
  if (resource.mimeType?.startsWith("image/")) return image(resource.mimeType, resource.blob);
  return text(`<file path=${JSON.stringify(name)} encoding="base64">\n${resource.blob}\n</file>`);
}

/** Undefined for an address of something else, and for one that cannot be taken apart. */
function localPath(uri: string): string | undefined {
  if (!uri.startsWith("file://")) return undefined;
  try {
    return decodeURIComponent(new URL(uri).pathname);
  } catch {
    return undefined;
  }
}

function text(value: string): InputBlock {
  return { type: "text", text: value };
}

function image(media_type: string, data: string): InputBlock {
  return { type: "image", source: { type: "base64", media_type, data } };
}
