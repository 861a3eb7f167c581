import { appendFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../../src/base/lock.ts";

// Usage: lock-worker.ts <lock> <log> <go file> <hold in ms>. Says in the log whether it was alone while it held the lock.
const [, , lock = "", log = "", go = "", hold = ""] = process.argv;
const inside = `${lock}.inside`;
appendFileSync(`${log}.ready`, ".");
while (!existsSync(go)) await sleep(5);
await withLock(lock, { timeoutMs: 30_000 }, async () => {
  try {
    writeFileSync(inside, String(process.pid), { flag: "wx" });
  } catch {
    appendFileSync(log, `${process.pid} NOT ALONE\n`);
    return;
  }
  appendFileSync(log, `${process.pid} in\n`);
  await sleep(Number(hold));
  rmSync(inside);
});
