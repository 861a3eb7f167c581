import { existsSync } from "node:fs";
import { join } from "node:path";
import { findOnPath } from "../../base/executables.ts";
import { textIn } from "../../base/glance.ts";
import { run } from "../../base/run.ts";
import { hasPlugin } from "../../config.ts";
import { pluginFile } from "../../status/environment.ts";
import { type Check, configured, type Examined, type Finding, note, ok, wrong } from "./check.ts";

const INSTALL = "Run `amp-module start`.";

const HELP_MS = 3_500;

const progressReports = configured("progress reports", "Programs", async (context) => {
  const { config, env } = context;
  if (config.status_reports === "off") return [];
  if (config.status_reports === "plugin") return byPlugin(context);
  const coder = findOnPath("coder", env);
  const fix = 'Put a newer `coder` into the workspace image, or set status_reports = "plugin".';
  if (!coder) return note("there is no `coder` command on PATH, so Amp reports no progress", fix);
  const { exitCode, failure } = await run(coder, ["exp", "mcp", "server", "--help"], {
    env,
    timeoutMs: HELP_MS,
  });
  if (failure) return note(`${coder} does not answer (${failure}), so Amp may report no progress`, fix);
  return exitCode === 0
    ? ok(`through ${coder}`)
    : note(`${coder} has no \`exp mcp server\`, so Amp reports no progress`, fix);
});

function byPlugin({ config, paths, env }: Examined): Finding {
  if (config.status_app === "") {
    return note(
      "the workspace has no app of the module's, beside which the dashboard could show what Amp does",
      `Set ${config.transport === "runner" ? "cli_app" : "web_app or cli_app"} = true, or status_reports = "off".`,
    );
  }
  if (!hasPlugin(config)) return ok("by the stream agent");
  const path = join(paths.ampPlugins, pluginFile(config.app_slug));
  if (!existsSync(path)) return note(`Amp's plugin ${path} is missing, so Amp reports nothing`, INSTALL);
  if (env["PLUGINS"] === "off")
    return note("PLUGINS is off in the environment, so Amp runs no plugin", "Unset PLUGINS for the agent.");
  return ok(`by Amp's plugin ${path}`);
}

const boundary = configured("boundary", "Programs", async ({ config, env }) => {
  if (!config.enable_boundary) return [];
  const coder = findOnPath("coder", env);
  const fix = "Use a Coder release with `coder boundary`, or set enable_boundary = false.";
  if (!coder) return wrong("enable_boundary is true, but there is no `coder` command on PATH", fix);
  const { exitCode } = await run(coder, ["boundary", "--help"], { env, timeoutMs: HELP_MS });
  return exitCode === 0 ? ok(`through ${coder}`) : wrong(`${coder} has no command "boundary"`, fix);
});

/** The last snapshot tells whether Coder took the agent's token. */
const agentToken = configured("Coder's token", "Connection", ({ config, env, paths }) => {
  if (config.status_reports === "off" && config.task_id === "") return [];
  const answer = textIn(paths.stopLog).match(/(?:Snapshot|Status): Coder answers HTTP (\d+)/)?.[1];
  if (answer === "401" || answer === "403") {
    return note(
      `Coder refused the agent's token at the last stop (HTTP ${answer})`,
      "Restart the workspace: its agent then gets a token that is valid.",
    );
  }
  if (env["CODER_AGENT_TOKEN"]) return ok("CODER_AGENT_TOKEN is set");
  return note(
    "CODER_AGENT_TOKEN is not set in this shell, so nothing could be reported to Coder from here",
    "Use a terminal of Coder's (web terminal or coder ssh).",
  );
});

export const CODER_CHECKS: readonly Check[] = [progressReports, boundary, agentToken];
