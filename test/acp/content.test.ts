import type { ContentBlock } from "@agentclientprotocol/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BadPrompt, toInputBlocks } from "../../src/acp/content.ts";
import { anyCharacter, holds } from "../support/fuzz.ts";

const uri = fc.oneof(
  fc.webUrl(),
  fc.string(),
  fc.constantFrom("file:///home/a b", "file:///%", "file:///%ff", "file://[", "file://host/x", "FILE:///x"),
);
const block = fc.oneof(
  fc.record({ type: fc.constant("text"), text: fc.string({ unit: anyCharacter }) }),
  fc.record({ type: fc.constant("image"), mimeType: fc.string(), data: fc.string() }),
  fc.record({ type: fc.constant("audio"), mimeType: fc.string(), data: fc.string() }),
  fc.record({ type: fc.constant("resource_link"), uri, name: fc.string() }),
  fc.record({ type: fc.constant("resource"), resource: fc.record({ uri, text: fc.string() }) }),
  fc.record({
    type: fc.constant("resource"),
    resource: fc.record({
      uri,
      blob: fc.string(),
      mimeType: fc.oneof(fc.string(), fc.constant("image/png")),
    }),
  }),
) as fc.Arbitrary<ContentBlock>;

test("whatever a client sends: one block for each, texts as they are, or a refusal in the protocol's words", async () => {
  await holds(
    fc.property(fc.array(block, { maxLength: 5 }), (blocks) => {
      let given: ReturnType<typeof toInputBlocks>;
      try {
        given = toInputBlocks(blocks);
      } catch (error) {
        expect(error).toBeInstanceOf(BadPrompt);
        return;
      }
      expect(given).toHaveLength(blocks.length);
      for (const [index, { type, ...rest }] of blocks.entries())
        if (type === "text") expect(given[index]).toEqual({ type, text: "text" in rest ? rest.text : "" });
    }),
  );
});

test.each([
  "file:///%",
  "file:///%ff",
  "file://[",
])("an address that cannot be taken apart is passed on: %s", (odd) => {
  expect(toInputBlocks([{ type: "resource_link", uri: odd, name: "x" }])).toEqual([
    { type: "text", text: `@${odd}` },
  ]);
});
