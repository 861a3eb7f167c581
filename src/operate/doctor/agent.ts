import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createAgentApiClient } from "../../agentapi/client.ts";
import { readRunner } from "../../amp/runner.ts";
import { ampSite } from "../../amp/thread-id.ts";
import { findOnPath } from "../../base/executables.ts";
import { namesIn, textIn } from "../../base/glance.ts";
import { lockHolder } from "../../base/lock.ts";
import { parseConfig } from "../../config.ts";
import { familyOf } from "../../server/end.ts";
import { readEvidence } from "../../server/evidence.ts";
import { type Health, isStopped, serverHealth } from "../../server/health.ts";
import { whatRuns } from "../../server/ours.ts";
import { describePortHolder, isPortTaken } from "../../server/port-holder.ts";
import { isRunner, serverName } from "../../server/process.ts";
import type { ServerRecord } from "../../server/record.ts";
import {
  type Check,
  commandOf,
  configured,
  type Examined,
  type Finding,
  note,
  ok,
  type Subject,
  wrong,
} from "./check.ts";

/** Enough on a loaded machine, and within doctor's own limit. */
const EVENTS_MS = 2_200;
/** A slow first install may take this long; later something is stuck. */
const LONGEST_START_MS = 20 * 60_000;

const startInProgress: Check = {
  name: "start",
  group: "Agent",
  look(subject): Finding | [] {
    const { paths, now } = subject;
    const [path, holder] = [paths.lock, paths.userLock]
      .map((lock) => [lock, lockHolder(lock)] as const)
      .find(([, process]) => process !== undefined) ?? [paths.lock, undefined];
    if (!holder) return [];
    const lastsMs = now().getTime() - statSync(path).mtimeMs;
    const isStuck = lastsMs > LONGEST_START_MS || isStopped(holder.pid);
    const text = `an install or a start (pid ${holder.pid}) holds ${path}`;
    if (!isStuck)
      return note(`${text}: it is in progress`, `Wait for it; ${paths.installLog} says what it does.`);
    const why = lastsMs > LONGEST_START_MS ? "for more than 20 minutes" : "and is stopped by a signal";
    return wrong(`${text} ${why}`, `kill -9 ${holder.pid}, then run \`${commandOf(subject)} start\`.`);
  },
};

/** Whether AgentAPI runs, is ours and answers. */
const server = configured("AgentAPI server", "Agent", async (subject): Promise<Finding> => {
  const { config, paths } = subject;
  const isARunner = config.transport === "runner";
  const name = serverName(config);
  if (!config.enable_agentapi && !isARunner) return ok("none wanted, the terminal app runs Amp itself");
  const port = config.agentapi_port;
  const start = `Run \`${commandOf(subject)} start\``;
  const { running, astray } = whatRuns(paths);
  const isStarting = lockHolder(paths.lock) !== undefined;
  if (running && !running.isReady && !isStarting) {
    return wrong("a start was killed before the agent was ready", `${start}: it begins anew.`);
  }
  if (running) return ofRunning(running, subject);
  if (astray.length > 0) {
    const pids = astray.map(({ pid }) => pid).join(", ");
    return wrong(
      `AgentAPI or Amp of this module (pid ${pids}) has lost its supervisor or its record`,
      `${start}: it ends them and starts anew.`,
    );
  }
  if (!isARunner && (await isPortTaken(port))) {
    return wrong(
      `port ${port} is taken by ${describePortHolder(port)}`,
      "Set agentapi_port to a free port, or end that process.",
    );
  }
  if (isStarting) return note(`${name} does not run yet`);
  const log = textIn(paths.startLog);
  if (/: giving up\.$/m.test(log)) {
    return wrong(
      `${name} does not run: its supervisor has given up after repeated ends`,
      `Mend the cause at the end of ${basename(paths.startLog)}, then: ${start}.`,
    );
  }
  return wrong(`${name} does not run${wasStopped(paths) ? " since `amp-module stop`" : ""}`, `${start}.`);
});

async function ofRunning(running: ServerRecord, subject: Examined): Promise<Finding> {
  if (subject.config.transport === "runner") return ofRunner(running, subject);
  const port = subject.config.agentapi_port;
  if (running.port !== port) {
    const text = `AgentAPI (pid ${running.pid}) listens on port ${running.port}, but config.json names ${port}`;
    return wrong(text, `Run \`${commandOf(subject)} start\`: it starts it anew.`);
  }
  const client = createAgentApiClient({ baseUrl: `http://127.0.0.1:${port}` });
  const health = await serverHealth(client, running, EVENTS_MS);
  const status = health === "healthy" ? await client.status().catch(() => undefined) : undefined;
  return describe(health, running.pid, status?.status ?? "busy", subject);
}

function ofRunner(running: ServerRecord, subject: Examined): Finding {
  const runner = familyOf([running]).find(({ pid }) => isRunner(pid));
  const restart = `Run \`${commandOf(subject)} stop\`, then \`${commandOf(subject)} start\`.`;
  if (!runner)
    return wrong(
      "Amp's runner has ended: its supervisor may be about to start it again",
      `Read the last lines of agentapi-start.log. ${restart}`,
    );
  const name = `Amp's runner (pid ${runner.pid})`;
  if (isStopped(runner.pid)) return wrong(`${name} is stopped by a signal`, restart);
  if (readRunner(readEvidence(subject.paths.startLog, 0)).isRegistered)
    return ok(`${name} serves threads that are begun on ${ampSite(subject.env)}`);
  return wrong(
    `${name} is not known on ${ampSite(subject.env)}: it has no connection there, and keeps trying`,
    "Let websockets to Amp's server through the proxy and the firewall; `amp-module logs amp` has the reason.",
  );
}

function describe(health: Health, pid: number, agent: string, subject: Examined): Finding {
  const name = `AgentAPI (pid ${pid})`;
  const port = subject.config.agentapi_port;
  const command = commandOf(subject);
  const restart = `Run \`${command} stop\`, then \`${command} start\`.`;
  switch (health) {
    case "healthy":
      return ok(`${name} answers on port ${port}, the agent is ${agent}`);
    case "busy":
      return note(`${name} is busy with a message and answers again once it is handed over`);
    case "hung":
      return wrong(`${name} hangs: it runs but answers nothing`, restart);
    case "gone":
      return wrong(
        `${name} gives no answer on port ${port}: its supervisor may be about to start it again`,
        `Read the last lines of agentapi-start.log. ${restart}`,
      );
  }
}

function wasStopped({ stopLog, startLog }: Subject["paths"]): boolean {
  const time = (path: string) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return time(stopLog) > time(startLog);
}

/** Says plainly who can talk to the agent: AgentAPI 0.12.1 has no password and no option to listen on loopback only. */
const reach = configured("reach", "Agent", ({ config }) => {
  const port = config.agentapi_port;
  if (!config.enable_agentapi || !listensEverywhere(port)) return [];
  return note(
    `AgentAPI listens on every address, without a password: who reaches port ${port} reads the chat and types to Amp`,
    `Close port ${port} to other machines (network policy, security group); Coder's apps do not need it open.`,
  );
});

/** As proc(5) shows a socket: its number, local address and port, remote ones, state, of which 0A is listening. */
function listensEverywhere(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const listener = new RegExp(`^ *\\d+: 0+:${hex} \\S+ 0A `, "m");
  return ["/proc/net/tcp", "/proc/net/tcp6"].some((table) => listener.test(textIn(table)));
}

/** Other instances of the module in this home: each has a port and commands of its own. */
const instances = configured("other instances", "Agent", (subject): Finding | Finding[] => {
  const { paths, config, env } = subject;
  const home = dirname(paths.moduleDir);
  const others = namesIn(home)
    .filter((name) => name.startsWith(".amp-module") && join(home, name) !== paths.moduleDir)
    .flatMap((name) => otherConfig(join(home, name)) ?? []);
  if (others.length === 0) return [];
  const onPath = findOnPath("amp-module", env);
  const twin = others.find(
    (other) => other.hasPort && other.port === config.agentapi_port && config.enable_agentapi,
  );
  if (twin) {
    const text = `this module and the one in ${twin.folder} (${twin.slug}) both have port ${twin.port}`;
    return wrong(text, "Set agentapi_port to another port for one of them.");
  }
  const names = others.map(({ slug, folder }) => `${slug} (${folder}/bin/amp-module)`).join(", ");
  return ok(`also here: ${names}; \`amp-module\` is ${onPath ?? "not on PATH"}`);
});

function otherConfig(folder: string) {
  try {
    const {
      app_slug: slug,
      agentapi_port: port,
      enable_agentapi: hasPort,
    } = parseConfig(textIn(join(folder, "config.json")));
    return { folder, slug, port, hasPort };
  } catch {
    return undefined;
  }
}

export const AGENT_CHECKS: readonly Check[] = [startInProgress, server, reach, instances];
