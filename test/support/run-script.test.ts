import { expect, test } from "vitest";
import { endProcesses } from "./processes.ts";
import { runAsAgent } from "./run-script.ts";

const options = { cwd: "/", env: { PATH: process.env["PATH"] ?? "" } };

test("hands over the whole script as one argument and reports how it went", async () => {
  const result = await runAsAgent(["sh", "-c", 'echo "out $#"; echo err >&2; exit 3'], options);
  expect(result).toMatchObject({ exitCode: 3, stdout: "out 0\n", stderr: "err\n", stdoutHeldOpen: false });
});

test("stdin is at its end, and the environment is only what was given", async () => {
  const result = await runAsAgent(["sh", "-c", "cat; env | grep -c VITEST || true"], options);
  expect(result.stdout).toBe("0\n");
});

test("returns when the script ends, and tells that a child still holds its output", async () => {
  const env = { ...options.env, AMP_TEST_RUN: "held" };
  const result = await runAsAgent(["sh", "-c", "sleep 20 & echo done"], { cwd: "/", env });
  await endProcesses("AMP_TEST_RUN", "held");
  expect(result).toMatchObject({ exitCode: 0, stdout: "done\n", stdoutHeldOpen: true });
});

test("a script that does not end is ended", async () => {
  await expect(
    runAsAgent(["sh", "-c", "echo before; sleep 20"], { ...options, timeoutMs: 300 }),
  ).rejects.toThrow(/still ran after 300 ms[\s\S]*before/);
});
