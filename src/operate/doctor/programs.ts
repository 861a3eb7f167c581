import { realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { findAmps } from "../../amp/find.ts";
import { mayHaveMode } from "../../amp/modes.ts";
import { namedAmp } from "../../amp/places.ts";
import { type AmpProbe, ampProbeCache, probeAmp } from "../../amp/probe.ts";
import { ModuleError, reasonOf } from "../../base/errors.ts";
import { findOnPath, isExecutable } from "../../base/executables.ts";
import { describeRuntime } from "../../base/runtime.ts";
import { compareVersions } from "../../base/version.ts";
import { pinnedVersion } from "../../config.ts";
import { findAgentapis } from "../../install/agentapi/find.ts";
import { type AgentapiProbe, agentapiCache, probeAgentapi } from "../../install/agentapi/probe.ts";
import { nodeFolders } from "../../install/amp/node-folders.ts";
import { type Decision, planAgentapi, planAmp } from "../../install/plan.ts";
import { ampSearch } from "../../paths.ts";
import { agentCommand } from "../../server/command.ts";
import { canSaveState, FIRST_WITH_ACP, FIRST_WITH_AMP, FIRST_WITH_STATE } from "../../server/releases.ts";
import { type Check, commandOf, configured, type Examined, type Finding, note, ok, wrong } from "./check.ts";

/** Doctor as a whole must be done soon: who needs longer is hung, or on a very busy machine. */
const PROBE_MS = 3_500;
/** The real one has 100 MB. */
const SMALLEST_AMP = 100_000;

const runtime: Check = { name: "runtime", group: "Programs", look: () => ok(describeRuntime()) };

/** Amp as the install would find it and decide about it, so that both always say the same. */
const amp = configured("Amp", "Programs", async (subject) => {
  const { config } = subject;
  const wanted = pinnedVersion(config.amp_version);
  const seen = await seenAmps(subject);
  const finding = judge(subject, {
    name: "Amp",
    seen,
    decide: () => planAmp(config, { working: seen.working, sinceCheckMs: undefined }),
    wanted,
    forbidden: config.install_amp ? undefined : "install_amp",
  });
  const chosen = seen.working[0];
  return finding.state === "ok" && chosen ? (cannot(subject, chosen) ?? finding) : finding;
});

/** What the template asks of Amp and this one does not do. */
function cannot({ config }: Examined, probe: AmpProbe): Finding | undefined {
  const { mode } = config;
  if (mode !== "" && !mayHaveMode(probe, mode)) {
    const known = `Set mode to one of ${probe.modes.join(", ")}, or leave it empty.`;
    return wrong(`Amp ${probe.version} does not know the mode "${mode}"`, known);
  }
  const { unsupported } = agentCommand(config, probe);
  if (unsupported.length === 0) return undefined;
  return note(
    `Amp ${probe.version} has no option for ${unsupported.join(" and ")}, so it is left out`,
    "Leave amp_version empty for the newest Amp.",
  );
}

/** People who type `amp` and the agent are to have the same one. */
const ampOnPath = configured("amp command", "Programs", async (subject) => {
  const first = findOnPath("amp", subject.env);
  const chosen = (await seenAmps(subject)).working[0];
  if (!first || !chosen || realpathSync(first) === realpathSync(chosen.path)) return [];
  return note(
    `\`amp\` in this terminal is ${first}, but the agent runs ${chosen.path}`,
    `Remove ${first}, or put ${dirname(chosen.path)} first on PATH.`,
  );
});

/** AgentAPI in the same way as Amp. */
const agentapi = configured("AgentAPI", "Programs", async (subject) => {
  const { config, paths, env } = subject;
  if (!config.enable_agentapi) {
    const why = config.transport === "runner" ? 'transport is "runner"' : "enable_agentapi is false";
    return ok(`no AgentAPI wanted, ${why}`);
  }
  const probe = async (path: string) =>
    agentapiCache(paths.agentapiProbe).read(path) ?? probeAgentapi(path, env, PROBE_MS);
  const seen = await tryAll(findAgentapis(paths, env), probe, () => false);
  const decide = () => planAgentapi(config, seen.working);
  const finding = judge(subject, {
    name: "AgentAPI",
    seen,
    decide,
    wanted: pinnedVersion(config.agentapi_version),
    forbidden: config.install_agentapi ? undefined : "install_agentapi",
  });
  const chosen = decideQuietly(decide);
  return chosen && finding.state !== "wrong" ? (tooOld(subject, chosen) ?? finding) : finding;
});

function tooOld({ config }: Examined, { version, path }: AgentapiProbe): Finding | undefined {
  const isOlder = (since: string) => compareVersions(version, since) < 0;
  const fix = (since: string) =>
    config.install_agentapi
      ? `Set agentapi_version to v${since} or newer, or leave it at its default.`
      : `Bring ${since} or newer with the workspace image, or set install_agentapi = true.`;
  if (isOlder(FIRST_WITH_AMP)) {
    return wrong(
      `${version} in ${path} is too old for Amp: ${FIRST_WITH_AMP} or newer is needed`,
      fix(FIRST_WITH_AMP),
    );
  }
  if (config.transport === "stream" && isOlder(FIRST_WITH_ACP)) {
    const text = `${version} in ${path} is too old for transport = "stream": ${FIRST_WITH_ACP} or newer is needed`;
    return wrong(text, fix(FIRST_WITH_ACP));
  }
  if (config.enable_state_persistence && config.transport === "terminal" && !canSaveState(version)) {
    return note(`${version} in ${path} is too old to keep the chat over a restart`, fix(FIRST_WITH_STATE));
  }
  return undefined;
}

const npm = configured("npm", "Programs", ({ config, env, paths }) => {
  if (!config.install_amp || !config.install_via_npm) return [];
  const folders = [dirname(process.execPath), ...nodeFolders(env, paths.home)].map((folder) =>
    join(folder, "npm"),
  );
  const found = [findOnPath("npm", env), ...folders].find((path) => path !== undefined && isExecutable(path));
  if (found) return ok(`npm in ${found}`);
  return wrong(
    "install_via_npm is true, but there is no npm (PATH, nvm, fnm, volta, asdf, mise)",
    "Add Node with npm to the workspace image, or set install_via_npm = false.",
  );
});

export const PROGRAM_CHECKS: readonly Check[] = [runtime, amp, ampOnPath, agentapi, npm];

interface Program {
  path: string;
  version: string;
}

interface Seen<P> {
  working: P[];
  /** A line for each that does not run. */
  broken: string[];
}

const seen = new WeakMap<object, Promise<Seen<AmpProbe>>>();

/** Of one look at everything: several checks ask for it, and a real Amp takes most of a second. */
export function seenAmps(subject: Examined): Promise<Seen<AmpProbe>> {
  const known = seen.get(subject);
  if (known) return known;
  const result = lookForAmps(subject);
  seen.set(subject, result);
  return result;
}

/** As the install does: the known probe of an unchanged Amp ends the search, then nothing is run. */
async function lookForAmps({ config, paths, env }: Examined): Promise<Seen<AmpProbe>> {
  // Only read: the cache holds one probe, that of the Amp which the next start takes.
  const cache = ampProbeCache(paths.ampProbe);
  const wanted = pinnedVersion(config.amp_version);
  const isFitting = (program: AmpProbe) => wanted === undefined || program.version === wanted;
  const found = findAmps(ampSearch({ paths, env }));
  const known = found.flatMap((path) => cache.read(path) ?? []).find(isFitting);
  const named = namedAmp(env);
  if (known && (named === undefined || !found.includes(named) || known.path === named)) {
    return { working: [known], broken: [] };
  }
  return tryAll(onceEach(found), (path) => probeAmp(path, { env, timeoutMs: PROBE_MS }), isFitting);
}

/** Several links may lead to one file. */
function onceEach(paths: readonly string[]): string[] {
  const files = new Map(paths.map((path) => [realpathSync(path), path] as const).reverse());
  return paths.filter((path) => files.get(realpathSync(path)) === path);
}

/**
 * Side by side: one that hangs must not use up the time of those behind it. What comes after the first that fits does not
 * count.
 */
async function tryAll<P>(
  paths: readonly string[],
  probe: (path: string) => Promise<P>,
  isFitting: (program: P) => boolean,
): Promise<Seen<P>> {
  const result: Seen<P> = { working: [], broken: [] };
  const probes = paths.map(async (path) => {
    try {
      return { program: await probe(path) };
    } catch (error) {
      return { broken: `${path} does not run: ${whyBroken(path, error)}` };
    }
  });
  for (const answer of await Promise.all(probes)) {
    if (answer.broken !== undefined) result.broken.push(answer.broken);
    else if (answer.program && !result.working.some(isFitting)) result.working.push(answer.program);
  }
  return result;
}

function whyBroken(path: string, error: unknown): string {
  const reason = reasonOf(error);
  if (/ended by SIGKILL|took longer than/.test(reason))
    return `it hangs (no answer within ${PROBE_MS / 1000} s)`;
  const real = realpathSync(path);
  if (/\/node_modules\/@(ampcode|sourcegraph)\//.test(real) && statSync(real).size < SMALLEST_AMP) {
    return "it is the stub of an npm install whose install script did not run (@ampcode/cli)";
  }
  return reason.replace(/^".*" failed: /, "");
}

interface Question<P> {
  name: string;
  seen: Seen<P>;
  decide: () => Decision<P>;
  wanted: string | undefined;
  /** The variable that keeps the module from installing it, undefined if it may. */
  forbidden: string | undefined;
}

function judge<P extends Program>(subject: Examined, question: Question<P>): Finding {
  const { name, seen, decide, wanted, forbidden } = question;
  const install = `Run \`${commandOf(subject)} install\`.`;
  try {
    const decision = decide();
    const program = decision.action === "keep" ? decision.program : decision.fallback;
    if (!program) {
      const [other] = seen.working;
      const text = other
        ? `${other.path} has not the checksum in agentapi_sha256`
        : (seen.broken[0] ?? "not found");
      return wrong(text, install);
    }
    const text = `${name} ${program.version} in ${program.path}`;
    if (wanted === undefined || program.version === wanted) return ok(text);
    const fix = forbidden ? `Set ${forbidden} = true, or put ${wanted} into the workspace image.` : install;
    return note(`${text}, wanted ${wanted}`, fix);
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error;
    return wrong([error.message, ...seen.broken].join(" "), error.fix);
  }
}

function decideQuietly<P>(decide: () => Decision<P>): P | undefined {
  try {
    const decision = decide();
    return decision.action === "keep" ? decision.program : decision.fallback;
  } catch {
    return undefined;
  }
}
