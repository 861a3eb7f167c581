import { fixOf, reasonOf } from "./base/errors.ts";
import { harmless } from "./base/harmless.ts";
import { createRedact } from "./base/redact.ts";

/** Shows on stderr, without secrets, what a command threw: what failed, and what to do; a stack only for our own bugs. */
export function reportFailure(error: unknown): void {
  const show = (text: string) => console.error(createRedact(process.env)(harmless(text)));
  show(`error: ${reasonOf(error)}`);
  const fix = fixOf(error);
  if (fix !== undefined) show(`error: To fix it: ${fix}`);
  else if (error instanceof Error) show(error.stack ?? "");
}
