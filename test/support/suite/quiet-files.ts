import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What a test file says if it, or what it starts, may change the process that it runs in or wait for long. */
const LOUD =
  /process\.|\bvi\.|globalThis|console\.|spawn|execa|scripted|findRealAmp|createHome|[wW]orkspace|renderModule|applyModule|chaos/;

/**
 * The test files that leave their process as they found it: they share one, since a process for each costs more than all of
 * their tests. Paths from the module's root.
 */
export function quietFiles(root: string): string[] {
  return readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join("test", name))
    .filter((name) => !LOUD.test(readFileSync(join(root, name), "utf8")))
    .sort();
}
