import { type ContentBlock, RequestError } from "@agentclientprotocol/sdk";
import type { InputBlock } from "../amp/input.ts";

/** Turns a prompt of the client into a user message for Amp. @throws RequestError for audio */
export function toInputBlocks(prompt: readonly ContentBlock[]): InputBlock[] {
  return prompt.map(toInputBlock);
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
      throw RequestError.invalidParams({ type: block.type }, "Amp takes text, images and resources");
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

function localPath(uri: string): string | undefined {
  return uri.startsWith("file://") ? decodeURIComponent(new URL(uri).pathname) : undefined;
}

function text(value: string): InputBlock {
  return { type: "text", text: value };
}

function image(media_type: string, data: string): InputBlock {
  return { type: "image", source: { type: "base64", media_type, data } };
}
