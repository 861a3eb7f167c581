/**
 * A failure that a person can act on: the first line says what failed and why, `fix` says what to do.
 *
 * Neither text may hold a secret: both end in logs and in the Coder dashboard.
 */
export class ModuleError extends Error {
  readonly fix: string;

  constructor(what: string, fix: string, options?: { cause?: unknown }) {
    super(what, options);
    this.name = "ModuleError";
    this.fix = fix;
  }
}

/** The message of anything thrown, without a stack. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error && !error.message.includes(error.cause.message);
  return inner ? `${error.message} (${reasonOf(error.cause)})` : error.message;
}

/** The code of a system error (`ENOENT`, `EACCES`, …), or "" for anything else. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
