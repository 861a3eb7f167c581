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

/** What to do about a failure: what a `ModuleError` says, or what a full or closed disk asks for. */
export function fixOf(error: unknown): string | undefined {
  if (error instanceof ModuleError) return error.fix;
  const fixes: Record<string, string> = {
    ENOSPC: "Free space on the volume of this file.",
    EDQUOT: "Free space, or raise the user's quota, on the volume of this file.",
    EROFS: "The volume of this file is mounted read-only: make it writable.",
    EACCES: "Make it accessible for the workspace's user.",
  };
  return fixes[errorCode(error)];
}
