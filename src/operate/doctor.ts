import { existsSync, readlinkSync, statSync } from "node:fs";
import { type ParseError, parse } from "jsonc-parser";
import { readTextIfExists } from "../base/atomic-file.ts";
import { fixOf, reasonOf } from "../base/errors.ts";
import { findOnPath } from "../base/executables.ts";
import { FOLDER_FIX, folderProblem } from "../base/folder.ts";
import { harmless } from "../base/harmless.ts";
import { describeRuntime } from "../base/runtime.ts";
import type { Context } from "../context.ts";
import { expandHome } from "../paths.ts";
import { readRunningServer } from "../server/record.ts";
import type { Finding } from "./finding.ts";
import { lastProblems } from "./problems.ts";
import { examineAgentapi, examineAmp } from "./programs.ts";
import { examineReach } from "./reach.ts";
import { examineServer } from "./server-check.ts";

/**
 * Looks at everything that the module set up and prints what it finds; for what is wrong, how to fix it.
 *
 * @returns whether nothing is wrong
 */
export async function doctor(context: Context): Promise<boolean> {
  const checks = [
    runtime,
    moduleDirectory,
    examineAmp,
    apiKey,
    examineAgentapi,
    settings,
    workdir,
    progressReports,
    examineServer,
    examineReach,
    logs,
  ];
  let healthy = true;
  for (const check of checks) {
    for (const { state, text, fix } of await findings(() => check(context))) {
      healthy &&= state !== "wrong";
      const mark = { ok: "ok   ", note: "note ", wrong: "WRONG" }[state];
      console.log(context.redact(harmless(`${mark}  ${text}${fix ? `\n       To fix it: ${fix}` : ""}`)));
    }
  }
  console.log(healthy ? "\nNothing is wrong." : "\nSomething is wrong: see above.");
  return healthy;
}

/** What cannot even be looked at, such as a folder in a file's place, is wrong, and the next check follows. */
async function findings(check: () => Finding | Finding[] | Promise<Finding | Finding[]>): Promise<Finding[]> {
  try {
    return [await check()].flat();
  } catch (error) {
    return [{ state: "wrong", text: reasonOf(error), fix: fixOf(error) ?? "Correct it or remove it." }];
  }
}

function runtime(): Finding[] {
  return [{ state: "ok", text: `runtime: ${describeRuntime()}` }];
}

function moduleDirectory({ paths }: Context): Finding[] {
  const isOpen = (statSync(paths.moduleDir).mode & 0o077) !== 0;
  const text = `module directory: ${paths.moduleDir}`;
  if (!isOpen) return [{ state: "ok", text }];
  return [{ state: "wrong", text: `${text} is open to other users`, fix: `chmod 700 ${paths.moduleDir}` }];
}

function apiKey({ env }: Context): Finding[] {
  if (env["AMP_API_KEY"]) return [{ state: "ok", text: "API key: AMP_API_KEY is set" }];
  return [
    {
      state: "note",
      text: "API key: AMP_API_KEY is not set, so Amp works only where somebody has logged in",
      fix: "Set amp_api_key, or run `amp login`.",
    },
  ];
}

function settings({ paths }: Context): Finding[] {
  const text = readTextIfExists(paths.ampSettings);
  if (text === undefined) {
    return [
      {
        state: "wrong",
        text: `settings: ${paths.ampSettings} does not exist`,
        fix: "Run `amp-module install`.",
      },
    ];
  }
  const errors: ParseError[] = [];
  parse(text, errors, { allowTrailingComma: true });
  if (errors.length === 0) return [{ state: "ok", text: `settings: ${paths.ampSettings}` }];
  return [
    {
      state: "wrong",
      text: `settings: ${paths.ampSettings} is not valid JSON`,
      fix: "Correct it; Amp refuses to start with it.",
    },
  ];
}

/** The agent keeps the folder that it was started in, also where another one has its name by now. */
function workdir({ config, paths }: Context): Finding {
  const path = expandHome(config.workdir, paths.home);
  const problem = folderProblem(path);
  const running = readRunningServer(paths.running);
  if (running && (problem === "does not exist" || isDeleted(`/proc/${running.pid}/cwd`))) {
    const text = `workdir: ${path} was deleted while the agent runs in it`;
    return { state: "wrong", text, fix: "Run `amp-module stop`, then `amp-module start`, which creates it." };
  }
  if (problem === "does not exist") {
    return { state: "note", text: `workdir: ${path} does not exist, the next start creates it` };
  }
  if (problem === undefined) return { state: "ok", text: `workdir: ${path}` };
  return { state: "wrong", text: `workdir: ${path} ${problem}`, fix: FOLDER_FIX };
}

function isDeleted(link: string): boolean {
  try {
    return readlinkSync(link).endsWith(" (deleted)");
  } catch {
    // There is no such link on this system, or it is not ours to read.
    return false;
  }
}

function progressReports({ config, env }: Context): Finding[] {
  if (!config.report_tasks) return [];
  const coder = findOnPath("coder", env);
  if (coder) return [{ state: "ok", text: `progress reports: through ${coder}` }];
  return [
    { state: "note", text: "progress reports: there is no `coder` command on PATH, so Amp reports none" },
  ];
}

function logs({ paths }: Context): Finding[] {
  return [paths.installLog, paths.startLog].filter(existsSync).flatMap((path): Finding[] => {
    const problems = lastProblems(path);
    if (problems.length === 0) return [{ state: "ok", text: `log: ${path} has no warning` }];
    return [
      { state: "note", text: `log: ${path} says:\n${problems.map((line) => `         ${line}`).join("\n")}` },
    ];
  });
}
