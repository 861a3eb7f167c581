import { AmpOptionError } from "./errors.ts";
import type { AmpProbe } from "./probe.ts";
import { threadId } from "./thread-id.ts";

/** One rule of `amp.permissions`; the first that matches decides. */
export interface PermissionRule {
  /** A tool's name; globs such as `mcp__playwright__*` are allowed. */
  tool: string;
  action: "allow" | "reject" | "ask" | "delegate";
  /** Argument name to pattern. */
  matches?: Record<string, unknown>;
  context?: "thread" | "subagent";
  /** For `delegate`: a program without arguments. It gets the tool's input on stdin; exit 0 allows, 2 rejects. */
  to?: string;
  /** For `reject`: what the model is told. */
  message?: string;
}

/** An MCP server as Amp's settings have it: `command`, `args`, `env`, or `url`, `headers`. */
export type McpServerConfig = Record<string, unknown>;

/** Who can see a thread. */
export const VISIBILITIES = ["private", "public", "unlisted", "workspace", "group"] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/** The visibility of that name; undefined for "" and what this release of the module does not know. */
export function visibilityOf(name: string): Visibility | undefined {
  return VISIBILITIES.find((known) => known === name);
}

/** Where Amp is and where it runs. */
export interface AmpOptions {
  /** A probed Amp. Without it the usual places are searched and the first one is probed (0.5-0.8 s). */
  amp?: AmpProbe;
  /** File that keeps a probe between runs, for a search without `amp`. */
  probeCache?: string;
  /** npm prefixes to search first, without `amp`. */
  npmPrefixes?: readonly string[];
  /** Working directory of Amp; this process's own by default. */
  cwd?: string;
  /** Laid over this process's environment; undefined removes a variable. */
  env?: Record<string, string | undefined>;
  /** Milliseconds until Amp is ended; 0 for no limit. */
  timeoutMs?: number;
  /** Tells Amp which SDK it runs under (`AMP_SDK_VERSION`), so that its server sees it. */
  sdkVersion?: string;
  /** Milliseconds between SIGTERM and SIGKILL; 5,000 by default. */
  graceMs?: number;
  signal?: AbortSignal;
  /** Gets what there is to tell besides the outcome, a sentence each. */
  onWarning?: (text: string) => void;
  /** Settings file in place of the user's own. */
  settingsFile?: string;
}

export interface ExecuteOptions extends AmpOptions {
  /** Milliseconds without a word of Amp until it is ended, beside `timeoutMs`; no limit by default. A tool may be silent for long. */
  idleTimeoutMs?: number;
  /** Only these tools, by name or glob such as `mcp__docs__*`; all by default (setting `amp.tools.enable`). */
  enabledTools?: readonly string[];
  /** Agent mode, as `amp --help` lists them. */
  mode?: string;
  visibility?: Visibility;
  /** `true` for the last thread, or a thread's id (`T-…`) or address. */
  continueThread?: true | string;
  /** Rules that go before those of the settings file. */
  permissions?: readonly PermissionRule[];
  /** Further MCP servers by name. They reach Amp in a private file: they hold secrets. */
  mcpConfig?: Readonly<Record<string, McpServerConfig>>;
  /** Folder of toolbox scripts (`AMP_TOOLBOX`). */
  toolbox?: string;
  /** Further folders with skills (setting `amp.skills.path`). */
  skills?: string | readonly string[];
  /** At most 20; letters, digits and hyphens. */
  labels?: readonly string[];
  /** Thinking blocks in the stream, if this Amp can. */
  thinking?: boolean;
  /** Settings, by full name (`amp.…`), laid over the settings file for this run only. */
  settings?: Readonly<Record<string, unknown>>;
  logLevel?: string;
  logFile?: string;
  noIde?: boolean;
  noColor?: boolean;
  noNotifications?: boolean;
  noJetbrains?: boolean;
  dangerouslyAllowAll?: boolean;
  /** Leave the thread unarchived. Amp archives the thread of an execute run otherwise. */
  keepThread?: boolean;
  /** Bytes of one line; 64 MiB by default. A longer line is reported as broken and dropped. */
  maxLineBytes?: number;
}

/** @throws AmpOptionError for an option that no Amp can take */
export function checkOptions(options: ExecuteOptions): void {
  const { labels = [], continueThread, permissions = [] } = options;
  if (labels.length > 20) throw new AmpOptionError(`${labels.length} labels; Amp takes at most 20`);
  for (const label of labels) {
    if (!/^[A-Za-z0-9-]+$/.test(label)) {
      throw new AmpOptionError(
        `the label ${JSON.stringify(label)} has other characters than letters, digits and hyphens`,
      );
    }
  }
  if (typeof continueThread === "string") threadId(continueThread);
  for (const name of ["timeoutMs", "idleTimeoutMs"] as const) {
    const given = options[name];
    if (given !== undefined && !(given >= 0)) throw new AmpOptionError(`${name} is ${given}; want 0 or more`);
  }
  for (const rule of permissions) {
    if (rule.action === "delegate" && !rule.to)
      throw new AmpOptionError('a "delegate" rule needs "to", a program');
  }
}
