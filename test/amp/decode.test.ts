import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type AmpRecord, decodeLine, MAX_LINE_BYTES } from "../../src/amp/decode.ts";
import { LineSplitter } from "../../src/amp/lines.ts";
import { anyCharacter, holds } from "../support/fuzz.ts";

const ID = "T-1";
const text = fc.string({ unit: anyCharacter });
const event = fc.oneof(
  text.map((said) => ({
    type: "assistant",
    session_id: ID,
    message: { content: [{ type: "text", text: said }] },
  })),
  text.map((result) => ({ type: "result", subtype: "success", session_id: ID, result })),
  fc.dictionary(fc.string(), fc.jsonValue()).map((extra) => ({ ...extra, type: "other" })),
);
const lineEnd = fc.constantFrom("\n", "\r\n", "\n\n", "\r\n  \r\n");

/** As `executeRecords` reads. */
function decoded(chunks: Iterable<Uint8Array>, maxLineBytes = MAX_LINE_BYTES): AmpRecord[] {
  const splitter = new LineSplitter(maxLineBytes);
  const lines = [...chunks].flatMap((chunk) => [...splitter.push(chunk)]);
  return [...lines, ...splitter.flush()].map((line) => decodeLine(line));
}

function chunksOf(bytes: Buffer, cuts: number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

test("whatever the cuts, line ends and characters, no event is lost, changed or invented", async () => {
  await holds(
    fc.asyncProperty(
      fc.array(fc.tuple(event, lineEnd)),
      fc.array(fc.nat()),
      fc.boolean(),
      async (lines, cuts, isLastLineEnded) => {
        let stream = lines.map(([each, end]) => `${JSON.stringify(each)}${end}`).join("");
        if (!isLastLineEnded) stream = stream.trimEnd();
        const records = decoded(chunksOf(Buffer.from(stream), cuts));

        expect(records.map((record) => JSON.parse(record.text))).toEqual(
          lines.map(([each]) => JSON.parse(JSON.stringify(each))),
        );
        expect(records.map(({ event }) => (event.type === "unknown" ? event.event : event))).toEqual(
          records.map((record) => JSON.parse(record.text)),
        );
      },
    ),
  );
});

test("one stream of every kind of character, cut at every single position", async () => {
  const events = ["a", "ä", "€", "🧮", "\u2028", "\\r\\n"].map((said) => ({
    type: "result",
    subtype: said,
    session_id: ID,
  }));
  const bytes = Buffer.from(`\ufeff${events.map((each) => JSON.stringify(each)).join("\r\n")}\n`);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const records = decoded([bytes.subarray(0, cut), bytes.subarray(cut)]);
    expect(records.map((record) => record.event)).toEqual(events);
  }
  const single = decoded([...bytes].map((byte) => Uint8Array.of(byte)));
  expect(single.map((record) => record.event)).toEqual(events);
});

test("a broken line is an event with its number, and the stream continues", async () => {
  const stream = `{"type":"x"}\n\nnot json at all\n{"type":"result","subtype":"success","session_id":"T-1"}\n{"half`;

  expect(decoded([Buffer.from(stream)]).map((record) => record.event)).toEqual([
    { type: "unknown", event: { type: "x" } },
    { type: "broken", line: 3, reason: "not JSON", start: "not json at all" },
    { type: "result", subtype: "success", session_id: "T-1" },
    { type: "broken", line: 5, reason: "not JSON", start: '{"half' },
  ]);
});

test("a line over the limit is counted, dropped and reported, whatever the chunks", async () => {
  const stream = Buffer.from(`{"type":"a"}\n"${"x".repeat(500)}"\n{"type":"b"}\n`);
  for (const size of [1, 7, 100, 1000]) {
    const chunks = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
      stream.subarray(index * size, (index + 1) * size),
    );
    const events = decoded(chunks, 100).map((record) => record.event);
    expect(events).toMatchObject([
      { event: { type: "a" } },
      { type: "broken", line: 2 },
      { event: { type: "b" } },
    ]);
    expect(JSON.stringify(events[1])).toContain("502 bytes");
  }
});
