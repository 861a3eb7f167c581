import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scripted } from "./scripted.ts";

const LIMIT_MB = 150;
const folder = mkdtempSync(join(tmpdir(), "amp-memory-"));
const script = join(folder, "reader.mjs");
const execute = fileURLToPath(new URL("../../src/amp/execute.ts", import.meta.url));

// A process of its own, bundled as it is shipped: the test runner's memory says nothing.
beforeAll(async () => {
  const source = join(folder, "reader.ts");
  writeFileSync(
    source,
    `import { execute } from ${JSON.stringify(execute)};
     const { options, pauseMs } = JSON.parse(process.argv[2]);
     let events = 0, bytes = 0;
     for await (const event of execute("x", options)) {
       events += 1;
       if (event.type === "assistant") for (const block of event.message.content) bytes += block.text.length;
       if (pauseMs && events === 10) await new Promise((done) => setTimeout(done, pauseMs));
     }
     console.log(JSON.stringify({ events, bytes, maxRssMb: process.resourceUsage().maxRSS / 1024 }));`,
  );
  await build({
    entryPoints: [source],
    outfile: script,
    bundle: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"],
    logLevel: "error",
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(scenario: string, pauseMs = 0) {
  const { options } = await scripted(scenario);
  const { stdout } = await execa("node", [script, JSON.stringify({ options, pauseMs })]);
  return JSON.parse(stdout) as { events: number; bytes: number; maxRssMb: number };
}

test("a line of 20 MB", async () => {
  const { bytes, maxRssMb } = await read("big-line");

  expect(bytes).toBe(20 * 1024 * 1024);
  expect(maxRssMb).toBeLessThan(LIMIT_MB);
  console.log(`20 MB line: ${maxRssMb.toFixed(0)} MB at most`);
});

test("100,000 events, with a reader that pauses", async () => {
  const { events, maxRssMb } = await read("many", 1_500);

  expect(events).toBe(100_003);
  expect(maxRssMb).toBeLessThan(LIMIT_MB);
  console.log(`100,000 events: ${maxRssMb.toFixed(0)} MB at most`);
});
