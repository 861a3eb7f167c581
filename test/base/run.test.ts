import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { identifyProcess } from "../../src/base/process-identity.ts";
import { run } from "../../src/base/run.ts";
import { anyCharacter } from "../support/fuzz.ts";
import { makeFolder } from "./folder.ts";

const env = { PATH: process.env["PATH"] };
const sh = (script: string, args: string[] = [], timeoutMs = 5000) =>
  run("/bin/sh", ["-c", script, "sh", ...args], { env, timeoutMs });

test("arguments arrive byte for byte", async () => {
  const script = "process.stdout.write(JSON.stringify(process.argv.slice(1)))";
  const argument = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.constantFrom("", " ", "a\nb", "$(touch x)", "`id`", '"', "'", "\\", "日本語", "*", "--", "-n"),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(argument, { minLength: 1, maxLength: 8 }), async (args) => {
      // The system ends an argument at NUL, and takes only whole characters.
      const given = args.map((text) => Buffer.from(text.replaceAll("\0", "")).toString());
      const { exitCode, output } = await run(process.execPath, ["-e", script, "--", ...given], {
        env,
        timeoutMs: 10_000,
      });
      expect(exitCode).toBe(0);
      expect(JSON.parse(output)).toEqual(given);
    }),
    { numRuns: 12 },
  );
});

test("the environment is the one given, and nothing of ours; stdin is closed", async () => {
  process.env["RUN_TEST_LEAK"] = "1";
  onTestFinished(() => void delete process.env["RUN_TEST_LEAK"]);
  const { output } = await run("/bin/sh", ["-c", 'echo "$A|$RUN_TEST_LEAK"; cat'], {
    env: { ...env, A: "x" },
    timeoutMs: 30_000,
  });
  expect(output).toBe("x|\n");
});

test.each([0, 1, 3, 255])("exit code %i", async (code) => {
  expect(await sh(`exit ${code}`)).toEqual({ exitCode: code, output: "" });
});

test("ended, with the whole group, at a line that leaves no hope; the reason is the caller's", async () => {
  const lines: string[] = [];
  const result = await run(
    "/bin/sh",
    ["-c", "echo fine; echo 'attempt 1 failed'; sleep 60 & wait; echo more"],
    {
      env,
      timeoutMs: 30_000,
      onLine: (line) => lines.push(line),
      endAt: (line) => (line.includes("failed") ? "it is hopeless" : undefined),
    },
  );
  expect(result).toEqual({ exitCode: 1, output: "fine\nattempt 1 failed\n", failure: "it is hopeless" });
  expect(lines).toEqual(["fine", "attempt 1 failed"]);
});

test("ended by a signal", async () => {
  const result = await sh("echo before; kill -TERM $$");
  expect(result).toEqual({ exitCode: 1, output: "before\n", failure: "it was ended by SIGTERM" });
});

test.each([
  ["/does/not/exist"],
  ["no-such-command-here"],
  ["/etc/passwd"],
  ["a\0b"],
])("%j cannot be started: a failure with the reason, not a throw", async (file) => {
  const result = await run(file, [], { env, timeoutMs: 30_000 });
  expect(result).toMatchObject({ exitCode: 1, output: "" });
  expect(result.failure).toMatch(/ENOENT|EACCES|null bytes/);
});

test("lines of both streams are passed on; of a long output the end is kept", async () => {
  const lines: string[] = [];
  const result = await run(
    "/bin/sh",
    [
      "-c",
      "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; echo oops >&2; printf 'no newline'",
    ],
    { env, timeoutMs: 10_000, onLine: (line) => lines.push(line) },
  );
  expect(lines).toHaveLength(3002);
  expect(lines).toContain("oops");
  expect(result.output.length).toBeLessThanOrEqual(4000);
  expect(result.output).toContain("line 2999\n");
  expect(result.output).toContain("no newline\n");
});

test("one line of many megabytes does not stay in memory", async () => {
  const result = await run(process.execPath, ["-e", "process.stdout.write('x'.repeat(20e6))"], {
    env,
    timeoutMs: 10_000,
  });
  expect(result.output).toHaveLength(4000);
});

test("on a timeout the whole process group ends", async () => {
  const folder = makeFolder();
  const result = await sh('sleep 60 & echo $! >"$1"; sleep 60', [join(folder, "pid")], 300);
  expect(result).toEqual({ exitCode: 1, output: "", failure: "it took longer than 0.3 s" });
  const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
  await expect.poll(() => identifyProcess(pid)).toBeUndefined();
});

test("a daemon that the program leaves behind, holding its output, is not waited for and lives on", async () => {
  const folder = makeFolder();
  const result = await sh('sleep 60 & echo $! >"$1"; echo done', [join(folder, "pid")], 20_000);
  const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
  onTestFinished(() => void process.kill(pid, "SIGKILL"));
  expect(result).toEqual({ exitCode: 0, output: "done\n" });
  expect(identifyProcess(pid)).toBeDefined();
});

test("a child that left the group does not make a timeout wait", async () => {
  const folder = makeFolder();
  const result = await sh('setsid sleep 60 & echo $! >"$1"; sleep 60', [join(folder, "pid")], 300);
  const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
  onTestFinished(() => void process.kill(pid, "SIGKILL"));
  expect(result.failure).toBe("it took longer than 0.3 s");
  expect(identifyProcess(pid)).toBeDefined();
});

test("what was printed after the program's end is there, also if this process did not get to read it in time", async () => {
  const ended = sh("(sleep 0.3; echo late) & exit 0");
  await new Promise((go) => setTimeout(go, 150));
  // The processor goes to others, for longer than late output is waited for.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
  expect(await ended).toMatchObject({ exitCode: 0, output: "late\n" });
});
