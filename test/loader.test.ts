import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loader } from "../tools/bundle.ts";
import { packed } from "../tools/packed.ts";
import { findRuntime } from "./support/runtimes.ts";

const text = `import{basename}from"node:path";
  console.log(JSON.stringify(process.argv.slice(2)), basename(process.argv[1]), new URL(import.meta.url).protocol);`;

let folder = "";
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "amp-module-loader-"));
  mkdirSync(join(folder, "bin"));
  mkdirSync(join(folder, "state"));
  writeFileSync(join(folder, "bin/loader.cjs"), await loader("src/loader.ts"));
  writeFileSync(program(), packed(text));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const program = () => join(folder, "bin/greet.br85");
const kept = () => join(folder, "state/greet.cache");
const greeting = { code: 0, stdout: '["one","two words"] greet.br85 file:\n', stderr: "" };

function run(runtime = process.execPath, before: string[] = []) {
  return new Promise((resolve) => {
    const args = [...before, join(folder, "bin/loader.cjs"), program(), "one", "two words"];
    execFile(runtime, args, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

test("a program gets its own arguments and place; what was kept of it is used and not written again", async () => {
  expect(await run()).toEqual(greeting);
  const first = statSync(kept());
  expect(first.mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, "state"))).toEqual(["greet.cache"]);
  expect(await run()).toEqual(greeting);
  expect(statSync(kept()).ino).toBe(first.ino);
});

test("what was kept is believed only whole, and of this very program", async () => {
  await run();
  const whole = readFileSync(kept());
  const inText = whole.indexOf("console.log");
  const damages: [string, () => void][] = [
    ["empty", () => truncateSync(kept(), 0)],
    ["cut", () => truncateSync(kept(), whole.length - 9)],
    [
      "another text of the same size",
      () => writeFileSync(kept(), Buffer.from(whole).fill("x", inText, inText + 7)),
    ],
    [
      "another byte of V8's code",
      () => writeFileSync(kept(), Buffer.from(whole).fill(255, whole.length - 99)),
    ],
  ];
  for (const [damage, force] of damages) {
    force();
    expect(await run(), damage).toEqual(greeting);
    expect(readFileSync(kept()).subarray(32, 68), damage).toEqual(whole.subarray(32, 68));
  }
  writeFileSync(program(), packed(text.replace("console.log(", "console.log('new',")));
  expect(await run()).toEqual({ ...greeting, stdout: `new ${greeting.stdout}` });
});

test("where nothing can be kept, everything works", async () => {
  rmSync(join(folder, "state"), { recursive: true });
  expect(await run()).toEqual(greeting);
  mkdirSync(kept(), { recursive: true });
  expect(await run()).toEqual(greeting);
  expect(readdirSync(join(folder, "state"))).toEqual(["greet.cache"]);
});

test.each(["missing", "empty", "cut short", "changed"])("a program that is %s is not run", async (fault) => {
  const bytes = readFileSync(program());
  if (fault === "missing") rmSync(program());
  if (fault === "empty") writeFileSync(program(), "");
  if (fault === "cut short") truncateSync(program(), bytes.length - 30);
  if (fault === "changed") writeFileSync(program(), Buffer.from(bytes).fill("(", 40, 90));
  expect(await run()).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(
      /^error: The module's program .*greet\.br85 (is missing|was cut short or changed)\.\nerror: To fix it: Restart the workspace.*\n$/,
    ),
  });
});

test.each([
  "bun",
  "deno",
] as const)("%s runs it, too, from what Node has kept and by itself", async (name) => {
  const runtime = await findRuntime(name);
  const before = name === "deno" ? ["run", "--allow-all", "--no-lock", "--quiet"] : [];
  expect(await run(runtime, before)).toEqual(greeting);
  expect(await run(runtime, before)).toEqual(greeting);
  expect(await run()).toEqual(greeting);
  expect(await run(runtime, before)).toEqual(greeting);
});
