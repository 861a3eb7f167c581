import { textIn } from "./glance.ts";

/** The name that /etc/passwd has for a user, or undefined if it has none. */
export function userName(uid: number): string | undefined {
  const users = textIn("/etc/passwd")
    .split("\n")
    .map((line) => line.split(":"));
  return users.find(([, , id]) => id === String(uid))?.[0];
}
