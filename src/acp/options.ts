import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ExecuteOptions, VISIBILITIES } from "../amp/options.ts";
import { threadId } from "../amp/thread-id.ts";
import { xdgFolders } from "../base/xdg.ts";

/**
 * What happens if a permission rule says `ask`: `auto` asks the client, and refuses if nobody sits there; `chat` and
 * `terminal` ask the person there, if the client has no dialog.
 */
export type AskPolicy = (typeof ASK)[number];

export interface AgentOptions {
  ask: AskPolicy;
  /** Milliseconds for a person's answer; 0 for no limit. */
  approvalTimeoutMs: number;
  /** Gets a line for each decision of a person's. */
  approvalsLog?: string;
  /** Thread that the first new session continues. */
  thread?: string;
  /** The first new session continues the thread in `threadFile`. */
  isContinued: boolean;
  /** Gets the id of the thread in use, as JSON. */
  threadFile?: string;
  /** The AgentAPI that this agent runs under. */
  agentApiUrl?: string;
  /** Folder for what sessions must remember. */
  stateDir: string;
  /** File that keeps what is known of the Amp binary. */
  probeCache?: string;
  npmPrefixes: string[];
  execution: Pick<ExecuteOptions, "settingsFile" | "mode" | "labels" | "visibility" | "timeoutMs">;
}

/** A turn may build and test for hours, but not for ever. */
const DEFAULT_TIMEOUT_S = 6 * 60 * 60;
/** Somebody has to see the question first. */
const DEFAULT_APPROVAL_S = 30 * 60;
const ASK = ["auto", "client", "deny", "allow", "chat", "terminal"] as const;

const text = { type: "string" } as const;
const many = { type: "string", multiple: true } as const;
const OPTIONS = {
  mode: text,
  thread: text,
  "thread-file": text,
  continue: { type: "boolean" },
  label: many,
  visibility: text,
  ask: text,
  "approval-timeout": text,
  "approvals-log": text,
  timeout: text,
  "settings-file": text,
  "state-dir": text,
  "agentapi-url": text,
  "probe-cache": text,
  "npm-prefix": many,
} as const;

/** The agent's options with a value, for who starts it. */
export type AgentFlags = Partial<
  Record<Exclude<keyof typeof OPTIONS, "continue">, string | readonly string[] | undefined>
>;

export const USAGE = `amp-acp: Amp as an agent of the Agent Client Protocol, on stdin and stdout

  --mode <mode>             agent mode; sessions may change it
  --thread <thread>         Amp thread (T-… or its URL) for the first new session
  --thread-file <file>      keep the id of the thread in use here, as JSON
  --continue                begin with the thread in --thread-file
  --label <label>           label for new threads, may be repeated
  --visibility <who>        visibility of new threads: ${VISIBILITIES.join(", ")}
  --ask <policy>            if a permission rule says "ask": ${ASK.join(", ")}
  --approval-timeout <seconds>
                            refuse what nobody answers; ${DEFAULT_APPROVAL_S} by default, 0 for never
  --approvals-log <file>    a line for each decision of a person's in the chat or in a terminal
  --timeout <seconds>       end a turn after this time; ${DEFAULT_TIMEOUT_S} by default, 0 for never
  --agentapi-url <url>      the AgentAPI that runs this agent: lets it see that nothing gets lost on the way
  --settings-file <file>    Amp's settings in place of the user's
  --state-dir <folder>      what sessions remember; ~/.local/state/amp-acp by default
  --probe-cache <file>      what is known of the Amp binary
  --npm-prefix <folder>     where npm may have put Amp, may be repeated
`;

/** @throws TypeError for arguments that are not known or not valid */
export function parseAgentOptions(args: readonly string[], env: NodeJS.ProcessEnv): AgentOptions {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const timeout = seconds("--timeout", values.timeout, DEFAULT_TIMEOUT_S);
  const approvalsLog = values["approvals-log"];
  const { mode, thread, visibility } = values;
  return {
    ask: oneOf("--ask", ASK, values.ask ?? "auto"),
    approvalTimeoutMs: 1000 * seconds("--approval-timeout", values["approval-timeout"], DEFAULT_APPROVAL_S),
    ...(approvalsLog && { approvalsLog }),
    ...(thread && { thread: threadId(thread) }),
    isContinued: values.continue === true,
    ...(values["thread-file"] && { threadFile: values["thread-file"] }),
    ...(values["agentapi-url"] && { agentApiUrl: new URL(values["agentapi-url"]).href }),
    stateDir: values["state-dir"] ?? join(xdgFolders(env, homedir()).state, "amp-acp"),
    ...(values["probe-cache"] && { probeCache: values["probe-cache"] }),
    npmPrefixes: values["npm-prefix"] ?? [],
    execution: {
      timeoutMs: timeout * 1000,
      labels: values.label ?? [],
      ...(mode && { mode }),
      ...(visibility && { visibility: oneOf("--visibility", VISIBILITIES, visibility) }),
      ...(values["settings-file"] && { settingsFile: values["settings-file"] }),
    },
  };
}

function seconds(flag: string, value: string | undefined, otherwise: number): number {
  const number = Number(value ?? otherwise);
  if (number >= 0) return number;
  throw new TypeError(`${flag} ${value}: want seconds`);
}

function oneOf<T extends string>(flag: string, allowed: readonly T[], value: string): T {
  const known = allowed.find((each) => each === value);
  if (known !== undefined) return known;
  throw new TypeError(`${flag} ${value}: want ${allowed.join(", ")}`);
}
