import { AmpError, AmpOptionError } from "./errors.ts";
import { mayHaveMode } from "./modes.ts";
import type { ExecuteOptions } from "./options.ts";
import type { AmpProbe } from "./probe.ts";
import { threadId } from "./thread-id.ts";

/** How to call one Amp for one run. */
export interface Invocation {
  args: string[];
  isStreamInput: boolean;
}

export interface InvocationFiles {
  settingsFile?: string | undefined;
  mcpConfigFile?: string | undefined;
}

/**
 * Builds Amp's arguments. A flag is passed only if `--help` lists it. What changes the outcome (mode, visibility,
 * labels, settings, MCP servers) fails if it is not listed; comfort (colour, notifications, logs) is left out.
 *
 * @throws AmpError unsupported_version
 * @throws AmpOptionError for a mode that this Amp does not have
 */
export function buildInvocation(
  probe: AmpProbe,
  options: ExecuteOptions,
  files: InvocationFiles = {},
): Invocation {
  const has = (flag: string) => probe.flags.includes(flag);
  const need = (flag: string, value: string | undefined): string[] => {
    if (value === undefined) return [];
    if (has(flag)) return [flag, value];
    throw new AmpError("unsupported_version", `Amp ${probe.version} has no ${flag}.`);
  };
  const maybe = (flag: string, value?: string | boolean): string[] => {
    if (!value || !has(flag)) return [];
    return value === true ? [flag] : [flag, value];
  };
  const isStreamInput = has("--stream-json-input");
  const args = [
    ...(has("--stream-json")
      ? [
          ...continueCommand(options.continueThread, has("--no-archive-after-execute")),
          "--execute",
          "--stream-json",
          ...maybe("--stream-json-thinking", options.thinking),
          ...maybe("--stream-json-input", true),
        ]
      : olderStart(probe, options.continueThread)),
    ...need("--mode", checkedMode(probe, options.mode)),
    ...need("--visibility", options.visibility),
    ...(options.labels ?? []).flatMap((label) => need("--label", label)),
    ...need("--settings-file", files.settingsFile),
    ...need("--mcp-config", files.mcpConfigFile),
    ...maybe("--no-archive-after-execute", options.keepThread),
    ...allowAll(has, options.dangerouslyAllowAll),
    ...maybe("--log-level", options.logLevel),
    ...maybe("--log-file", options.logFile),
    ...maybe("--no-ide", options.noIde),
    ...maybe("--no-color", options.noColor),
    ...maybe("--no-notifications", options.noNotifications),
    ...maybe("--no-jetbrains", options.noJetbrains),
  ];
  return { args, isStreamInput };
}

/** What a person's own Amp, with its screen, is started with. */
export interface ScreenOptions extends Pick<ExecuteOptions, "mode" | "labels" | "visibility"> {
  /** The thread to continue, or undefined for one that Amp opens. */
  thread?: string | undefined;
}

/**
 * Builds the arguments of an Amp with its screen. The first prompt is never in them: an argument can select Amp's execute
 * mode, and arguments are visible to every process of the machine.
 *
 * @returns the arguments, and the options that this Amp has no flag for
 */
export function screenArguments(
  { flags }: AmpProbe,
  { thread, mode, labels, visibility }: ScreenOptions,
): { args: string[]; unsupported: (keyof ScreenOptions)[] } {
  const wishes: [keyof ScreenOptions, flag: string, readonly (string | undefined)[]][] = [
    ["mode", "--mode", [mode]],
    ["labels", "--label", labels ?? []],
    ["visibility", "--visibility", [visibility]],
  ];
  const given = wishes.map(([name, flag, values]) => ({
    name,
    flag,
    values: values.filter((value) => !!value),
  }));
  const wanted = given.filter(({ values }) => values.length > 0);
  return {
    args: [
      ...continueCommand(thread, false),
      ...wanted.flatMap(({ flag, values }) =>
        flags.includes(flag) ? values.flatMap((value) => [flag, value ?? ""]) : [],
      ),
    ],
    unsupported: wanted.flatMap(({ name, flag }) => (flags.includes(flag) ? [] : name)),
  };
}

/** Whether allowing every tool is this Amp's setting, rather than a flag. */
export function allowsAllBySetting(probe: AmpProbe): boolean {
  return !ALLOW_ALL.some((flag) => probe.flags.includes(flag));
}

const ALLOW_ALL = ["--dangerously-allow-all", "--dangerously-skip-permissions"];

function allowAll(has: (flag: string) => boolean, wanted: boolean | undefined): string[] {
  return wanted ? ALLOW_ALL.filter(has).slice(0, 1) : [];
}

/** Releases with `--no-archive-after-execute` show a picker unless `--last` is said; older ones have no `--last`. */
function continueCommand(thread: true | string | undefined, hasLast: boolean): string[] {
  if (thread === undefined) return [];
  if (thread === true) return ["threads", "continue", ...(hasLast ? ["--last"] : [])];
  return ["threads", "continue", threadId(thread)];
}

function olderStart({ flags, version }: AmpProbe, thread: true | string | undefined): string[] {
  if (!flags.includes("--print") || !flags.includes("--output-format")) {
    throw new AmpError(
      "unsupported_version",
      `Amp ${version} knows neither --stream-json nor --print --output-format: it cannot print a stream.`,
    );
  }
  const start = ["--print", "--output-format", "stream-json"];
  if (thread === undefined) return start;
  if (thread === true) {
    throw new AmpError("unsupported_version", `Amp ${version} can only continue a thread that is named.`);
  }
  return [...start, "--continue", threadId(thread)];
}

function checkedMode(probe: AmpProbe, mode: string | undefined): string | undefined {
  if (mode === undefined || mode === "") return undefined;
  if (mayHaveMode(probe, mode)) return mode;
  throw new AmpOptionError(
    `the mode ${JSON.stringify(mode)} is not one of Amp ${probe.version}: ${probe.modes.join(", ")}`,
  );
}
