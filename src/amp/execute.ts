import { statSync } from "node:fs";
import type { Exit } from "../base/child.ts";
import { createRedact, mcpSecrets, type Redact } from "../base/redact.ts";
import { allowsAllBySetting, buildInvocation } from "./arguments.ts";
import { type AmpRecord, decodeLine, MAX_LINE_BYTES } from "./decode.ts";
import { diagnose, essence, isLoginPrompt } from "./diagnose.ts";
import { AmpError, AmpOptionError } from "./errors.ts";
import type { AmpEvent } from "./events.ts";
import { inputLines, type Prompt } from "./input.ts";
import { removeLeftFolders } from "./left-folders.ts";
import { LineSplitter } from "./lines.ts";
import { checkOptions, type ExecuteOptions } from "./options.ts";
import { PrivateFolder } from "./private-files.ts";
import { AmpProcess } from "./process.ts";
import { environment, resolveAmp } from "./resolve.ts";
import { overlaidSettings, readSettings, settingsPath } from "./settings.ts";

/** For a turn, if nobody says otherwise. */
export const DEFAULT_TIMEOUT_MS = 300_000;
const DEFAULT_GRACE_MS = 5_000;
/** An Amp process that waits for a login has nothing to save. */
const LOGIN_GRACE_MS = 200;
/** How long Amp may stay after its last result. Its answer is whole by then. */
const LINGER_MS = 10_000;
const KILLED = "It did not end at two SIGTERMs and was killed.";
/** setTimeout's own limit. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Runs one or several turns and yields Amp's events as they come. A `result` event that is an error is an event like
 * any other; see `run` for one that throws.
 *
 * @throws AmpError after the last event, if Amp did not end with a result
 * @throws AmpOptionError for options that no Amp can take
 */
export async function* execute(prompt: Prompt, options: ExecuteOptions = {}): AsyncGenerator<AmpEvent> {
  for await (const { event } of executeRecords(prompt, options)) yield event;
}

/** As `execute`, with each line as Amp wrote it. Ending the iteration early ends Amp. */
export async function* executeRecords(
  prompt: Prompt,
  options: ExecuteOptions = {},
): AsyncGenerator<AmpRecord> {
  checkOptions(options);
  if (options.cwd !== undefined && !statSync(options.cwd, { throwIfNoEntry: false })?.isDirectory()) {
    throw new AmpOptionError(`the folder ${options.cwd} does not exist`);
  }
  if (options.signal?.aborted) throw new AmpError("aborted", "Stopped before Amp was started.");
  const amp = await resolveAmp(options);
  const env = { ...environment(options), ...(options.toolbox && { AMP_TOOLBOX: options.toolbox }) };
  const redact = createRedact(env, mcpSecrets(options.mcpConfig ?? {}));
  const settings = overlaidSettings(
    () => readSettings(settingsPath(env, options.settingsFile)),
    options,
    options.dangerouslyAllowAll === true && allowsAllBySetting(amp),
  );
  for (const sentence of await removeLeftFolders()) options.onWarning?.(sentence);
  const folder = settings || options.mcpConfig ? new PrivateFolder() : undefined;
  try {
    const { args, isStreamInput } = buildInvocation(amp, options, {
      settingsFile: settings
        ? folder?.write("settings.json", JSON.stringify(settings))
        : options.settingsFile,
      mcpConfigFile: options.mcpConfig && folder?.write("mcp.json", JSON.stringify(options.mcpConfig)),
    });
    const graceMs = options.graceMs ?? DEFAULT_GRACE_MS;
    const child = await AmpProcess.start(amp.path, args, { cwd: options.cwd, env, graceMs });
    folder?.isReadBy(child.pid);
    yield* readTurns(child, inputLines(prompt, isStreamInput), options, redact);
  } finally {
    folder?.remove();
  }
}

/** Why this side ended Amp. */
type Stop = "timeout" | "idle" | "aborted" | "login" | { error: unknown };

async function* readTurns(
  child: AmpProcess,
  input: AsyncIterable<string>,
  options: ExecuteOptions,
  redact: Redact,
): AsyncGenerator<AmpRecord> {
  let stop: Stop | undefined;
  const end = (why: Stop, graceMs?: number) => {
    stop ??= why;
    void child.terminate(graceMs);
  };
  const abort = () => end("aborted");
  const limitMs = Math.min(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS);
  const timer = limitMs > 0 ? setTimeout(() => end("timeout"), limitMs) : undefined;
  const idleMs = Math.min(options.idleTimeoutMs ?? 0, MAX_TIMEOUT_MS);
  let idle: NodeJS.Timeout | undefined;
  // Time in which nobody takes the events is none of Amp's.
  const listen = () => {
    idle = idleMs > 0 ? setTimeout(() => end("idle"), idleMs) : undefined;
  };
  options.signal?.addEventListener("abort", abort, { once: true });
  if (options.signal?.aborted) abort();
  const seen: Seen = {
    threadId: undefined,
    messages: 0,
    isInputOver: false,
    results: 0,
    hasFailed: false,
    brokenLines: 0,
    otherOutput: "",
  };
  child.feed(counted(input, seen)).catch((error: unknown) => end({ error }));
  let linger: NodeJS.Timeout | undefined;
  let hasEnded = false;
  // Only before the first event: later text is the conversation's, and may speak of logins.
  child.onStderr(() => {
    if (seen.threadId === undefined && isLoginPrompt(child.stderrTail)) end("login", LOGIN_GRACE_MS);
  });
  try {
    const splitter = new LineSplitter(options.maxLineBytes ?? MAX_LINE_BYTES);
    listen();
    for await (const chunk of child.stdout) {
      clearTimeout(idle);
      if (stop) break;
      for (const line of splitter.push(chunk)) yield note(seen, decodeLine(line, redact));
      if (seen.threadId === undefined && isLoginPrompt(seen.otherOutput + splitter.pendingText())) {
        end("login", LOGIN_GRACE_MS);
      }
      if (isDone(seen)) linger ??= setTimeout(() => void child.terminate(), LINGER_MS);
      else listen();
    }
    clearTimeout(idle);
    if (!stop) for (const line of splitter.flush()) yield note(seen, decodeLine(line, redact));
    const exit = await child.settled();
    const error = failure(stop, exit, seen, redact, child.stderrTail, { limitMs, idleMs });
    if (error) throw error;
    hasEnded = true;
  } finally {
    for (const each of [timer, idle, linger]) clearTimeout(each);
    options.signal?.removeEventListener("abort", abort);
    if (hasEnded) child.release();
    else await child.terminate();
  }
}

/** What the stream has told so far. */
interface Seen {
  threadId: string | undefined;
  /** User messages given to Amp. */
  messages: number;
  isInputOver: boolean;
  results: number;
  /** A result told of a failure: that is why Amp ends, whatever its exit code. */
  hasFailed: boolean;
  brokenLines: number;
  /** The beginning of what Amp printed that is no event: it tells why there is none. */
  otherOutput: string;
}

function isDone({ messages, isInputOver, results }: Seen): boolean {
  return isInputOver && results >= messages;
}

async function* counted(input: AsyncIterable<string>, seen: Seen): AsyncGenerator<string> {
  for await (const line of input) {
    seen.messages += 1;
    yield line;
  }
  seen.isInputOver = true;
}

function note(seen: Seen, record: AmpRecord): AmpRecord {
  const { event } = record;
  if (event.type === "broken") {
    seen.brokenLines += 1;
    if (seen.otherOutput.length < 4096) seen.otherOutput += `${event.start}\n`;
  } else if (event.type !== "unknown") {
    seen.threadId ??= event.session_id;
    if (event.type === "result") {
      seen.results += 1;
      seen.hasFailed ||= event.is_error === true || event.subtype !== "success";
    }
  }
  return record;
}

function failure(
  stop: Stop | undefined,
  { code, signal }: Exit,
  seen: Seen,
  redact: Redact,
  stderr: string,
  { limitMs, idleMs }: { limitMs: number; idleMs: number },
): unknown {
  const details = {
    stderrTail: redact(stderr),
    ...(code !== null && { exitCode: code }),
    ...(signal !== null && { signal }),
    ...(seen.threadId !== undefined && { threadId: seen.threadId }),
  };
  const end = signal === "SIGKILL" ? ` ${KILLED}` : "";
  if (stop === "timeout")
    return new AmpError("timeout", `Amp was not done after ${limitMs / 1000} s.${end}`, details);
  if (stop === "idle")
    return new AmpError("timeout", `Amp was silent for ${idleMs / 1000} s.${end}`, details);
  if (stop === "aborted") return new AmpError("aborted", `Amp was stopped.${end}`, details);
  if (stop === "login")
    return new AmpError("auth_required", "Amp has no API key and waits for a login.", details);
  if (stop) return stop.error;
  if (seen.results > 0 && (code === 0 || seen.hasFailed || isDone(seen))) return undefined;
  const kind = diagnose(`${stderr}\n${seen.otherOutput}`);
  if (code === 0 && seen.brokenLines === 0) {
    return new AmpError(kind ?? "no_result", "Amp ended without a result.", details);
  }
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
  const saying = essence(redact(stderr)) || essence(redact(seen.otherOutput));
  const message = `Amp ended with ${how} and without a ${seen.results > 0 ? "last " : ""}result${saying ? `: ${saying}` : "."}`;
  return new AmpError(kind ?? (code === 0 ? "protocol" : "execution"), message, details);
}
