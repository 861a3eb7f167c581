import { readFileSync } from "node:fs";

const MOST = 12;

/** The warnings and errors of one of the module's logs, the newest ones where there are many. */
export function lastProblems(path: string): string[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => /^\S+ (WARN|ERROR) /.test(line))
    .slice(-MOST);
}
