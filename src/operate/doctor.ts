import { existsSync, statSync } from "node:fs";
import { type ParseError, parse } from "jsonc-parser";
import { findAmps } from "../amp/find.ts";
import { probeAmp } from "../amp/probe.ts";
import type { Context } from "../context.ts";
import { reasonOf } from "../errors.ts";
import { readTextIfExists } from "../system/atomic-file.ts";
import { findOnPath, isExecutable } from "../system/executables.ts";
import { fileProbeCache } from "../system/probe-cache.ts";
import { run } from "../system/run.ts";
import type { Finding } from "./finding.ts";
import { lastProblems } from "./problems.ts";
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
    amp,
    apiKey,
    agentapi,
    settings,
    progressReports,
    examineServer,
    logs,
  ];
  let healthy = true;
  for (const check of checks) {
    for (const { state, text, fix } of await check(context)) {
      healthy &&= state !== "wrong";
      const mark = { ok: "ok   ", note: "note ", wrong: "WRONG" }[state];
      console.log(context.redact(`${mark}  ${text}${fix ? `\n       To fix it: ${fix}` : ""}`));
    }
  }
  console.log(healthy ? "\nNothing is wrong." : "\nSomething is wrong: see above.");
  return healthy;
}

function runtime(): Finding[] {
  return [{ state: "ok", text: `runtime: ${process.execPath} (Node API ${process.version})` }];
}

function moduleDirectory({ paths }: Context): Finding[] {
  const isOpen = (statSync(paths.moduleDir).mode & 0o077) !== 0;
  const text = `module directory: ${paths.moduleDir}`;
  if (!isOpen) return [{ state: "ok", text }];
  return [{ state: "wrong", text: `${text} is open to other users`, fix: `chmod 700 ${paths.moduleDir}` }];
}

async function amp({ paths, env, config }: Context): Promise<Finding[]> {
  const found = findAmps({ env, home: paths.home, npmPrefixes: [paths.npmPrefix] });
  for (const path of found) {
    try {
      const { version } = await probeAmp(path, { cache: fileProbeCache(paths.ampProbe), env });
      return [{ state: "ok", text: `Amp: ${version} in ${path}` }];
    } catch (error) {
      if (path === found.at(-1)) {
        return [
          {
            state: "wrong",
            text: `Amp: ${path} does not run: ${reasonOf(error)}`,
            fix: "Run `amp-module install`.",
          },
        ];
      }
    }
  }
  const fix = config.install_amp
    ? "Run `amp-module install`."
    : "Set install_amp = true, or add Amp to the image.";
  return [{ state: "wrong", text: "Amp: not found", fix }];
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

async function agentapi({ paths, env }: Context): Promise<Finding[]> {
  const path = isExecutable(paths.agentapi) ? paths.agentapi : findOnPath("agentapi", env);
  if (!path) return [{ state: "wrong", text: "AgentAPI: not found", fix: "Run `amp-module install`." }];
  const { exitCode, output } = await run(path, ["--version"], { env, timeoutMs: 20_000 });
  if (exitCode === 0) return [{ state: "ok", text: `AgentAPI: ${output.trim()} in ${path}` }];
  return [{ state: "wrong", text: `AgentAPI: ${path} does not run`, fix: "Run `amp-module install`." }];
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
