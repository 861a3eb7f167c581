import { join } from "node:path";
import { managedText, saysTheSame } from "../../amp/managed-settings.ts";
import { type ListedRule, listPermissions } from "../../amp/permissions.ts";
import { WORKSPACE_PLUGINS } from "../../amp/places.ts";
import { workspaceSettings } from "../../amp/settings.ts";
import { ruleProblem } from "../../amp/settings-problems.ts";
import { permissionsOf } from "../../amp/unattended-rules.ts";
import { readTextIfExists } from "../../base/atomic-file.ts";
import { namesIn } from "../../base/glance.ts";
import { projectTrust } from "../../project-trust.ts";
import {
  type Check,
  commandOf,
  configured,
  type Examined,
  type Finding,
  note,
  ok,
  workdirOf,
  wrong,
} from "./check.ts";
import { seenAmps } from "./programs.ts";
import { settingsIn } from "./read.ts";

const LIST_MS = 3_600;
const SHORTEST_LIST_MS = 500;

type Settings = Record<string, unknown>;

/** Where a permission may stand, the strongest first. Behind all of them are the rules that Amp brings along. */
interface Source {
  name: string;
  settings: Settings;
}

const KEYS = ["amp.permissions", "amp.dangerouslyAllowAll", "amp.guardedFiles.allowlist"];

const inForce = configured("permissions", "Settings", (subject): Finding => {
  const sources = sourcesOf(subject);
  const [user = {}, ...stronger] = sources.map(({ settings }) => settings).reverse();
  const { isOn } = permissionsOf(user, ...stronger);
  const told = sources.flatMap(({ name, settings }) => {
    const said = KEYS.filter((key) => key in settings).map(
      (key) => `${key.slice(4)}${amount(settings[key])}`,
    );
    return said.length === 0 ? [] : [`${name}: ${said.join(", ")}`];
  });
  const from = told.length === 0 ? "no permission rule anywhere" : told.join("; ");
  return ok(isOn ? `${from}; then Amp's built-in rules` : `Amp runs every tool without asking: ${from}`);
});

/** Whether the rules that the template wants above everybody's are in force. */
const managed = configured("managed settings", "Settings", (subject): Finding | [] => {
  const { config, system } = subject;
  if (config.managed_settings === "") return [];
  const present = readTextIfExists(system.managedSettings);
  if (present !== undefined && saysTheSame(present, managedText(config.managed_settings))) {
    return ok(`${system.managedSettings} is as managed_settings says; nobody's settings overrule it`);
  }
  return wrong(
    `${system.managedSettings} ${present === undefined ? "does not exist" : "differs from managed_settings"}: the template's rules do not hold`,
    `Run \`${commandOf(subject)} install\`: it writes the file or says what keeps it from that.`,
  );
});

/** What a repository changes, which nobody is asked about unless workspace_trust is false. */
const repository = configured("repository", "Settings", (subject) => {
  const workdir = workdirOf(subject);
  if (!subject.config.workspace_trust) return trusted(subject, workdir);
  const path = workspaceSettings(workdir);
  const found: Finding[] = [];
  const keys =
    path === undefined ? [] : Object.keys(settingsIn(path)).filter((key) => key.startsWith("amp."));
  if (path !== undefined && keys.length > 0) {
    found.push(
      note(
        `a repository overrules this: ${path} sets ${keys.slice(0, 6).join(", ")}`,
        `Read it before you trust it; only ${subject.system.managedSettings} stands above it.`,
      ),
    );
  }
  const folder = join(workdir, WORKSPACE_PLUGINS);
  const plugins = namesIn(folder).filter((name) => /\.[cm]?[jt]s$/.test(name));
  if (plugins.length > 0) {
    found.push(
      note(
        `a repository overrules this: the plugins in ${folder} (${plugins.slice(0, 3).join(", ")}) run without approval, with Amp's key`,
        "Read them before you trust them, or set workdir to another folder.",
      ),
    );
  }
  return found;
});

function trusted(subject: Examined, workdir: string): Finding | [] {
  const files = projectTrust(workdir, subject.paths);
  if (files.length === 0) return [];
  const open = files.filter(({ trust }) => trust !== "accepted").map(({ path }) => path);
  if (open.length === 0) {
    return ok(`the project's settings and plugins are accepted as they are (${files.length})`);
  }
  return wrong(
    `nobody has accepted ${open.slice(0, 3).join(", ")}${open.length > 3 ? ` and ${open.length - 3} more` : ""}: Amp is not started here`,
    `Read them, then run \`${commandOf(subject)} trust\`.`,
  );
}

/** The user's rules as Amp itself reads them. */
const rules = configured("permission rules", "Settings", async (subject): Promise<Finding | []> => {
  const user = settingsIn(subject.paths.ampSettings);
  if (!Array.isArray(user["amp.permissions"])) return [];
  const deadline = performance.now() + LIST_MS;
  const amp = (await seenAmps(subject)).working[0];
  if (!amp) return [];
  const timeoutMs = Math.max(SHORTEST_LIST_MS, deadline - performance.now());
  const options = { amp, env: subject.env, timeoutMs, graceMs: 100, cwd: workdirOf(subject) };
  const listed = await listPermissions(options);
  const problem = listed.map(problemOf).find((text) => text !== undefined);
  if (problem === undefined)
    return ok(`Amp reads ${listed.length} rule${listed.length === 1 ? "" : "s"} of the user's`);
  return wrong(problem, `Correct amp.permissions in ${subject.paths.ampSettings}, or in base_amp_config.`);
});

function problemOf(rule: ListedRule, index: number): string | undefined {
  const problem = ruleProblem(rule);
  return problem === undefined ? undefined : `rule ${index + 1} (${rule.action} ${rule.tool}) ${problem}`;
}

function sourcesOf(subject: Examined): Source[] {
  const { paths, config, system } = subject;
  const workspace = workspaceSettings(workdirOf(subject));
  const isTemplates =
    config.dangerously_allow_all || KEYS.some((key) => config.base_amp_config.includes(`"${key}"`));
  return [
    { name: `managed (${system.managedSettings})`, settings: settingsIn(system.managedSettings) },
    {
      name: `workspace (${workspace ?? ""})`,
      settings: workspace === undefined ? {} : settingsIn(workspace),
    },
    {
      name: isTemplates ? "user settings, of the template" : "user settings",
      settings: settingsIn(paths.ampSettings),
    },
  ];
}

function amount(value: unknown): string {
  return Array.isArray(value) ? ` (${value.length})` : ` = ${String(value)}`;
}

export const PERMISSION_CHECKS: readonly Check[] = [inForce, managed, repository, rules];
