/**
 * What kind of failure it was:
 * - `cli_not_found`: no Amp, or one that cannot be started
 * - `auth_required`: no key and no login, or the server refused them
 * - `cannot_connect`: the Amp server is not reachable
 * - `out_of_credits`: the account has no credits or no usage left
 * - `unsupported_version`: this Amp lacks a flag that the options need
 * - `timeout`: not done within `timeoutMs`
 * - `aborted`: the caller's signal fired
 * - `permission_denied`: a permission rule refused what the turn needed
 * - `approval_required`: a tool call needs a person's consent, and execute mode has nobody to ask
 * - `no_result`: Amp ended well but without a result event
 * - `protocol`: Amp's output is not the stream it should be
 * - `execution`: Amp reported an error, or crashed
 */
export type AmpErrorKind =
  | "cli_not_found"
  | "auth_required"
  | "cannot_connect"
  | "out_of_credits"
  | "unsupported_version"
  | "timeout"
  | "aborted"
  | "permission_denied"
  | "approval_required"
  | "no_result"
  | "protocol"
  | "execution";

const REMEDIES: Record<AmpErrorKind, string> = {
  cli_not_found: "Install Amp (https://ampcode.com/install), or name its path in AMP_CLI_PATH.",
  auth_required: 'Set AMP_API_KEY, or run "amp login" once in a terminal.',
  cannot_connect: "Check the network, the proxy and AMP_URL, then try again.",
  out_of_credits: "Add credits at https://ampcode.com/settings, or use the key of another account.",
  unsupported_version: 'Run "amp update", or leave the option out.',
  timeout: "Allow more time, or split the task.",
  aborted: "Start it again when it is wanted.",
  permission_denied:
    'Allow the tool in the setting amp.permissions ("amp permissions test" shows which rule decides).',
  approval_required:
    'Allow the tool in the setting amp.permissions, or the file in amp.guardedFiles.allowlist ("amp permissions test" shows which rule decides).',
  no_result:
    "Try again; if it stays so, run Amp in a terminal and look at its log (~/.cache/amp/logs/cli.log).",
  protocol: 'Run "amp update"; if it stays so, this Amp prints a stream that is not known here.',
  execution: "See the end of Amp's error output, and its log (~/.cache/amp/logs/cli.log).",
};

export interface AmpErrorDetails {
  /** What to do about it, if that is more than the kind's usual advice. */
  remedy?: string;
  /** The end of Amp's error output (at most 64 KiB), secrets masked. */
  stderrTail?: string;
  exitCode?: number;
  signal?: string;
  /** The Amp thread that the failed turn belongs to, if it was already known. */
  threadId?: string;
  cause?: unknown;
}

/** An option or argument that no Amp, or not this one, can take. Nothing was started. */
export class AmpOptionError extends TypeError {
  override readonly name = "AmpOptionError";
}

/** Every failure in this folder but wrong options. */
export class AmpError extends Error {
  override readonly name = "AmpError";
  readonly kind: AmpErrorKind;
  readonly remedy: string;
  readonly stderrTail: string;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly threadId?: string;

  constructor(kind: AmpErrorKind, message: string, details: AmpErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.remedy = details.remedy ?? REMEDIES[kind];
    this.stderrTail = details.stderrTail ?? "";
    if (details.exitCode !== undefined) this.exitCode = details.exitCode;
    if (details.signal !== undefined) this.signal = details.signal;
    if (details.threadId !== undefined) this.threadId = details.threadId;
  }
}
