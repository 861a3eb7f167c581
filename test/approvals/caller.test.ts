import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { refuseTools } from "../../src/approvals/caller.ts";

/** A process whose parent has this environment; itself it has none of that. */
async function childOf(env: NodeJS.ProcessEnv): Promise<number> {
  const parent = spawn("sh", ["-c", "env -i sleep 60 & echo $!; wait"], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  onTestFinished(() => void process.kill(-(parent.pid ?? 0), "SIGKILL"));
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  return Number(String(line).trim());
}

test("a person at a terminal may answer", async () => {
  const pid = await childOf({});
  expect(() => refuseTools({ pid, isTerminal: true, env: { HOME: "/home/x" } })).not.toThrow();
});

test("without a terminal nobody may", async () => {
  const pid = await childOf({});
  expect(() => refuseTools({ pid, isTerminal: false, env: {} })).toThrow("a person at a terminal only");
});

test.each([
  "AGENT=amp",
  "AGENT_THREAD_ID=T-1",
  "AMP_CURRENT_THREAD_ID=T-1",
  "AMP_THREAD_ID=T-1",
])("what Amp has started with %s may not, nor what that has started", async (entry) => {
  const [name = "", value = ""] = entry.split("=");
  const pid = await childOf({ [name]: value });
  expect(() => refuseTools({ pid, isTerminal: true, env: {} })).toThrow("may not answer its own questions");
  const own = await childOf({});
  expect(() => refuseTools({ pid: own, isTerminal: true, env: { [name]: value } })).toThrow(
    "may not answer its own questions",
  );
});
