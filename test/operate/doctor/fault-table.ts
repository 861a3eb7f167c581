import { spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../../src/base/digest.ts";
import { identifyProcess } from "../../../src/base/process-identity.ts";
import { keptAnswer } from "../../../src/remote-answers.ts";
import { writeServerRecord } from "../../../src/server/record.ts";
import { packed } from "../../../tools/packed.ts";
import { makeCertificates, startSecureServer } from "../../support/certificates.ts";
import { freePort } from "../../support/free-port.ts";
import { ampBody, ampVersion, CANARY, json, testKey, type Workspace } from "./subject.ts";

/** One fault, and what doctor says about it on its own line. */
export interface Fault {
  name: string;
  force(workspace: Workspace): unknown;
  /** The name of the check. */
  check: string;
  state: "wrong" | "note";
  cause: RegExp;
  /** Undefined for what passes by itself. */
  fix?: RegExp;
}

const amp = ({ paths }: Workspace) => join(paths.home, ".amp/bin/amp");
const project = ({ paths }: Workspace) => join(paths.home, "project");
const refusedAddress = async () => `http://127.0.0.1:${await freePort()}`;

/** As a start script would have it, for a fault that goes into the configuration. */
function configure(workspace: Workspace, config: Partial<Workspace["config"]>): void {
  Object.assign(workspace.config, config);
}

function settings(workspace: Workspace, value: object): void {
  workspace.write(workspace.paths.ampSettings, JSON.stringify(value));
}

/** Asks for the stream, whose agent is there. */
export function bringStreamAgent(workspace: Workspace): void {
  const bundle = packed("0");
  workspace.write(workspace.paths.acpBundle, bundle);
  configure(workspace, { transport: "stream", acp_bundle_sha256: sha256(bundle) });
}

/** Amp's server answers everything so. */
function answers(status: number, body: unknown, headers: Record<string, string> = {}) {
  return ({ ampServer }: Workspace) => {
    ampServer.answer = (_, response) => {
      const isText = typeof body === "string";
      response.writeHead(status, { "content-type": isText ? "text/html" : "application/json", ...headers });
      response.end(isText ? body : JSON.stringify(body));
    };
  };
}

function key(value: string) {
  return ({ env }: Workspace) => {
    env["AMP_API_KEY"] = value;
  };
}

async function secureServer(workspace: Workspace): Promise<void> {
  const folder = join(workspace.paths.home, "ca");
  mkdirSync(folder);
  const certificates = makeCertificates(folder);
  const server = await startSecureServer(certificates, "{}");
  workspace.atEnd(() => server.close());
  workspace.env["AMP_URL"] = server.url;
}

/** A live process of this test. */
function sleeper(workspace: Workspace, env: Record<string, string> = {}): number {
  const child = spawn("sleep", ["600"], { env: { PATH: "/usr/bin:/bin", ...env } });
  workspace.atEnd(() => child.kill("SIGKILL"));
  return child.pid ?? 0;
}

const WORKSPACE: Fault[] = [
  {
    name: "run as root, or as another user",
    force: ({ system }) => {
      system.uid = (system.uid ?? 0) + 4711;
    },
    check: "user",
    state: "wrong",
    cause: /this module belongs to \S+ \(uid \d+\), and you are user \d+/,
    fix: /Run it as \S+: sudo -u \S+ -H .*amp-module doctor/,
  },
  {
    name: "files that another user has left in the home",
    force: (workspace) => {
      const { paths, system, write } = workspace;
      write(paths.thread, "{}");
      // Only root can give a file away; to anybody else this one of root's stands for it.
      if (system.uid === 0) chownSync(paths.thread, 4711, 4711);
      else paths.instructions = "/etc/hosts";
    },
    check: "owner of files",
    state: "wrong",
    cause: /belongs to \S+.*, so the agent cannot change it/,
    fix: /sudo chown -R \d+ /,
  },
  {
    name: "a home that is read-only",
    force: ({ system, paths }) => {
      system.isWritable = (path) => path !== paths.home;
    },
    check: "home",
    state: "wrong",
    cause: /is not writable: the home volume may be mounted read-only/,
    fix: /mount the home volume read-write/,
  },
  {
    name: "another HOME than the module's",
    force: (workspace) => {
      const { paths } = workspace;
      const other = join(paths.home, "elsewhere");
      mkdirSync(join(other, "project"), { recursive: true });
      workspace.env["AMP_CLI_PATH"] = amp(workspace);
      workspace.paths = { ...paths, home: other };
    },
    check: "HOME",
    state: "wrong",
    cause: /HOME is .*elsewhere, but the module is in/,
    fix: /Set HOME/,
  },
  {
    name: "a full disk",
    force: ({ system }) => {
      system.room = () => ({ bytes: 4096, inodes: 100_000 });
    },
    check: "disk",
    state: "wrong",
    cause: /home volume is full: 0 MiB free/,
    fix: /Free space/,
  },
  {
    name: "a disk that is nearly full",
    force: ({ system }) => {
      system.room = () => ({ bytes: 200 * 1024 ** 2, inodes: undefined });
    },
    check: "disk",
    state: "note",
    cause: /nearly full: 200 MiB free/,
    fix: /Free space/,
  },
  {
    name: "no inodes left",
    force: ({ system }) => {
      system.room = () => ({ bytes: 10 * 1024 ** 3, inodes: 3 });
    },
    check: "disk",
    state: "wrong",
    cause: /3 inodes left/,
    fix: /Remove many small files/,
  },
  {
    name: "a module directory that is open to others",
    force: ({ paths }) => chmodSync(paths.moduleDir, 0o755),
    check: "module directory",
    state: "wrong",
    cause: /is open to other users/,
    fix: /chmod 700 /,
  },
  {
    name: "a bundle that was cut short",
    force: (workspace) => workspace.write(workspace.paths.bundle, "const half = "),
    check: "module's files",
    state: "wrong",
    cause: /amp-module\.br85 was cut short or changed/,
    fix: /Restart the workspace.*full disk/,
  },
  {
    name: "a supervisor that was deleted",
    force: ({ paths }) => rmSync(paths.supervisor),
    check: "module's files",
    state: "wrong",
    cause: /supervisor\.sh is missing/,
    fix: /Restart the workspace/,
  },
  {
    name: "a stream agent of another release",
    force: (workspace) => {
      configure(workspace, { transport: "stream", acp_bundle_sha256: "0".repeat(64) });
      workspace.write(workspace.paths.acpBundle, packed("0"));
    },
    check: "module's files",
    state: "wrong",
    cause: /not the stream agent that config\.json names/,
    fix: /"?Look at that script in the dashboard/,
  },
  {
    name: "a workdir that is a file",
    force: (workspace) => {
      rmSync(project(workspace), { recursive: true });
      workspace.write(project(workspace), "");
    },
    check: "workdir",
    state: "wrong",
    cause: /project is a file, not a folder/,
    fix: /Set workdir/,
  },
  {
    name: "a workdir that was deleted while the agent runs",
    force: (workspace) => rmSync(project(workspace), { recursive: true }),
    check: "workdir",
    state: "wrong",
    cause: /project was deleted while the agent runs in it/,
    fix: /amp-module stop.*amp-module start/,
  },
  {
    name: "a workdir that was deleted and made again while the agent runs",
    force: async (workspace) => {
      await workspace.runServer({ cwd: project(workspace) });
      rmSync(project(workspace), { recursive: true });
      mkdirSync(project(workspace));
    },
    check: "workdir",
    state: "wrong",
    cause: /project was deleted while the agent runs in it/,
    fix: /amp-module stop.*amp-module start/,
  },
];

const PROGRAMS: Fault[] = [
  {
    name: "no Amp",
    force: (workspace) => rmSync(amp(workspace)),
    check: "Amp",
    state: "wrong",
    cause: /not found/,
    fix: /amp-module install/,
  },
  {
    name: "no Amp, and none may be installed",
    force: (workspace) => {
      rmSync(amp(workspace));
      configure(workspace, { install_amp: false });
    },
    check: "Amp",
    state: "wrong",
    cause: /No working Amp was found.*install_amp is false/,
    fix: /Set install_amp = true/,
  },
  {
    name: "an Amp that is broken",
    force: (workspace) => workspace.program(amp(workspace), "exit 1"),
    check: "Amp",
    state: "wrong",
    cause: /bin\/amp does not run: exit code 1/,
    fix: /amp-module install/,
  },
  {
    name: "an Amp that hangs",
    force: (workspace) => workspace.program(amp(workspace), "exec sleep 60"),
    check: "Amp",
    state: "wrong",
    cause: /bin\/amp does not run: it hangs/,
    fix: /amp-module install/,
  },
  {
    name: "the stub of an npm install without its install script",
    force: (workspace) => {
      const { npmPrefix } = workspace.paths;
      rmSync(amp(workspace));
      const stub = join(npmPrefix, "lib/node_modules/@ampcode/cli/bin/amp.exe");
      workspace.program(stub, "echo 'Error: the native binary was not installed' >&2; exit 1");
      mkdirSync(join(npmPrefix, "bin"));
      symlinkSync(stub, join(npmPrefix, "bin/amp"));
    },
    check: "Amp",
    state: "wrong",
    cause: /stub of an npm install whose install script did not run/,
    fix: /amp-module install/,
  },
  {
    name: "another Amp than the pinned one",
    force: (workspace) => configure(workspace, { amp_version: "9.9.9" }),
    check: "Amp",
    state: "note",
    cause: /Amp 0\.0\.1790142911-g7618fb in .*, wanted 9\.9\.9/,
    fix: /amp-module install/,
  },
  {
    name: "another Amp than the pinned one, and none may be installed",
    force: (workspace) => configure(workspace, { amp_version: "9.9.9", install_amp: false }),
    check: "Amp",
    state: "note",
    cause: /wanted 9\.9\.9/,
    fix: /Set install_amp = true, or put 9\.9\.9 into the workspace image/,
  },
  {
    name: "a mode that this Amp does not have",
    force: (workspace) => configure(workspace, { mode: "turbo" }),
    check: "Amp",
    state: "wrong",
    cause: /does not know the mode "turbo"/,
    fix: /Set mode to one of low, medium, high/,
  },
  {
    name: "an Amp too old for the thread's visibility",
    force: (workspace) => configure(workspace, { thread_visibility: "private" }),
    check: "Amp",
    state: "note",
    cause: /has no option for thread_visibility/,
    fix: /Leave amp_version empty/,
  },
  {
    name: "another Amp first on PATH",
    force: (workspace) => workspace.program(join(workspace.paths.home, "path/amp"), ampBody("0.0.2-gabc")),
    check: "amp command",
    state: "note",
    cause: /`amp` in this terminal is .*path\/amp, but the agent runs .*\.amp\/bin\/amp/,
    fix: /Remove .*path\/amp, or put .*\.amp\/bin first on PATH/,
  },
  {
    name: "no AgentAPI",
    force: ({ paths }) => rmSync(paths.agentapi),
    check: "AgentAPI",
    state: "wrong",
    cause: /not found/,
    fix: /amp-module install/,
  },
  {
    name: "no AgentAPI, and none may be installed",
    force: (workspace) => {
      rmSync(workspace.paths.agentapi);
      configure(workspace, { install_agentapi: false });
    },
    check: "AgentAPI",
    state: "wrong",
    cause: /No working AgentAPI was found/,
    fix: /Set install_agentapi = true/,
  },
  {
    name: "an AgentAPI that is broken",
    force: (workspace) => workspace.program(workspace.paths.agentapi, `echo broken by ${testKey}; exit 1`),
    check: "AgentAPI",
    state: "wrong",
    cause: /does not run: exit code 1: broken/,
    fix: /amp-module install/,
  },
  {
    name: "an AgentAPI whose program hangs",
    force: (workspace) => workspace.program(workspace.paths.agentapi, "exec sleep 60"),
    check: "AgentAPI",
    state: "wrong",
    cause: /does not run: it hangs/,
    fix: /amp-module install/,
  },
  {
    name: "an AgentAPI with another checksum than the wanted one",
    force: (workspace) => configure(workspace, { agentapi_sha256: "0".repeat(64) }),
    check: "AgentAPI",
    state: "wrong",
    cause: /has not the checksum in agentapi_sha256/,
    fix: /amp-module install/,
  },
  {
    name: "an AgentAPI too old for Amp",
    force: (workspace) => {
      workspace.program(workspace.paths.agentapi, "echo agentapi version 0.3.0");
      configure(workspace, { agentapi_version: "v0.3.0" });
    },
    check: "AgentAPI",
    state: "wrong",
    cause: /0\.3\.0 in .* is too old for Amp/,
    fix: /Set agentapi_version to v0\.4\.0 or newer/,
  },
  {
    name: "an AgentAPI too old for the stream",
    force: (workspace) => {
      workspace.program(workspace.paths.agentapi, "echo agentapi version 0.11.8");
      configure(workspace, { agentapi_version: "v0.11.8", install_agentapi: false });
      bringStreamAgent(workspace);
    },
    check: "AgentAPI",
    state: "wrong",
    cause: /0\.11\.8 in .* is too old for transport = "stream": 0\.12\.0/,
    fix: /Bring 0\.12\.0 or newer with the workspace image/,
  },
  {
    name: "an AgentAPI too old to keep the chat",
    force: (workspace) => {
      workspace.program(workspace.paths.agentapi, "echo agentapi version 0.11.8");
      configure(workspace, { agentapi_version: "v0.11.8" });
    },
    check: "AgentAPI",
    state: "note",
    cause: /too old to keep the chat over a restart/,
    fix: /Set agentapi_version to v0\.12\.0 or newer/,
  },
  {
    name: "no plugin to report progress with",
    force: ({ paths }) => rmSync(join(paths.ampPlugins, "coder-status-amp.ts")),
    check: "progress reports",
    state: "note",
    cause: /coder-status-amp\.ts is missing, so Amp reports nothing/,
    fix: /amp-module start/,
  },
  {
    name: "no app beside which a status could be shown",
    force: (workspace) => configure(workspace, { status_app: "" }),
    check: "progress reports",
    state: "note",
    cause: /no app of the module's/,
    fix: /web_app or cli_app = true/,
  },
  {
    name: "an environment in which Amp runs no plugins",
    force: ({ env }) => void Object.assign(env, { PLUGINS: "off" }),
    check: "progress reports",
    state: "note",
    cause: /PLUGINS is off/,
    fix: /Unset PLUGINS/,
  },
  {
    name: "no coder to report progress with",
    force: (workspace) => {
      configure(workspace, { status_reports: "coder-mcp" });
      rmSync(join(workspace.paths.home, "path/coder"));
    },
    check: "progress reports",
    state: "note",
    cause: /no `coder` command on PATH/,
    fix: /status_reports = "plugin"/,
  },
  {
    name: "a coder without the MCP server",
    force: (workspace) => {
      configure(workspace, { status_reports: "coder-mcp" });
      workspace.program(join(workspace.paths.home, "path/coder"), "exit 1");
    },
    check: "progress reports",
    state: "note",
    cause: /path\/coder has no `exp mcp server`/,
    fix: /newer `coder`/,
  },
  {
    name: "a coder that hangs",
    force: (workspace) => {
      configure(workspace, { status_reports: "coder-mcp" });
      workspace.program(join(workspace.paths.home, "path/coder"), "exec sleep 60");
    },
    check: "progress reports",
    state: "note",
    cause: /path\/coder does not answer/,
    fix: /newer `coder`/,
  },
  {
    name: "a boundary that this coder does not have",
    force: (workspace) => {
      configure(workspace, { enable_boundary: true });
      workspace.program(join(workspace.paths.home, "path/coder"), '[ "$1" = exp ]');
    },
    check: "boundary",
    state: "wrong",
    cause: /path\/coder has no command "boundary"/,
    fix: /enable_boundary = false/,
  },
];

const SETTINGS: Fault[] = [
  {
    name: "no settings",
    force: ({ paths }) => rmSync(paths.ampSettings),
    check: "settings file",
    state: "wrong",
    cause: /settings\.json does not exist/,
    fix: /amp-module install/,
  },
  {
    name: "settings that are no JSON",
    force: (workspace) => workspace.write(workspace.paths.ampSettings, `{\n  "a": "${CANARY}",\n  "b": `),
    check: "settings file",
    state: "wrong",
    cause: /not valid JSON, at line 3/,
    fix: /Correct it/,
  },
  {
    name: "settings that Amp is told not to read",
    force: ({ env }) => {
      env["AMP_SETTINGS_FILE"] = "/elsewhere/settings.json";
    },
    check: "settings file",
    state: "note",
    cause: /AMP_SETTINGS_FILE makes Amp read \/elsewhere\/settings\.json/,
    fix: /Unset it/,
  },
  {
    name: "a repository that overrules the permissions",
    force: (workspace) => {
      const rules = {
        "amp.permissions": [{ tool: "Bash", action: "allow" }],
        "amp.dangerouslyAllowAll": true,
      };
      workspace.write(join(project(workspace), ".amp/settings.json"), JSON.stringify(rules));
    },
    check: "repository",
    state: "note",
    cause:
      /a repository overrules this: .*\.amp\/settings\.json sets amp\.permissions, amp\.dangerouslyAllowAll/,
    fix: /managed-settings\.json stands above it/,
  },
  {
    name: "a repository with plugins",
    force: (workspace) => workspace.write(join(project(workspace), ".amp/plugins/mine.ts"), ""),
    check: "repository",
    state: "note",
    cause: /plugins \(mine\.ts\)|plugins in .* \(mine\.ts\) run without approval/,
    fix: /Read them/,
  },
  {
    name: "a permission rule with a misspelt key",
    force: (workspace) => {
      const rules = [{ tool: "Bash", action: "reject", match: { cmd: "rm *" } }];
      workspace.program(
        amp(workspace),
        ampBody(ampVersion, `"permissions list"*) echo '${JSON.stringify(rules)}' ;;`),
      );
      settings(workspace, { "amp.permissions": rules });
    },
    check: "permission rules",
    state: "wrong",
    cause: /rule 1 \(reject Bash\) has the unknown key "match", so it fits every call/,
    fix: /Correct amp\.permissions/,
  },
  {
    name: "an MCP server without its command",
    force: (workspace) =>
      settings(workspace, {
        "amp.mcpServers": { tracker: { command: "/opt/gone/tracker", env: { TOKEN: CANARY } } },
      }),
    check: "MCP servers",
    state: "wrong",
    cause: /tracker cannot start: there is no command \/opt\/gone\/tracker/,
    fix: /Install \/opt\/gone\/tracker, or correct `mcp`/,
  },
  {
    name: "an MCP server that does not work",
    force: (workspace) => {
      const lines =
        "tracker (user settings): connecting...\\ntracker (user settings): error - SSE error: Unable to connect.\\n";
      workspace.program(amp(workspace), ampBody(ampVersion, `"mcp doctor") printf '${lines}' ;;`));
      settings(workspace, {
        "amp.mcpServers": { tracker: { url: "http://127.0.0.1:9/", headers: { A: CANARY } } },
      });
    },
    check: "MCP servers",
    state: "wrong",
    cause: /tracker does not work: SSE error: Unable to connect/,
    fix: /Correct `mcp`/,
  },
  {
    name: "an MCP server that never answers",
    force: (workspace) => {
      workspace.program(amp(workspace), ampBody(ampVersion, '"mcp doctor") exec sleep 60 ;;'));
      settings(workspace, { "amp.mcpServers": { silent: { command: "sleep", args: ["60"] } } });
    },
    check: "MCP servers",
    state: "note",
    cause: /silent did not answer within/,
    fix: /amp mcp doctor/,
  },
  {
    name: "a remote MCP list that nobody serves",
    force: async (workspace) =>
      configure(workspace, {
        mcp_config_remote_path: [`${await refusedAddress()}/list.json?token=${CANARY}`],
      }),
    check: "remote MCP lists",
    state: "wrong",
    cause: /127\.0\.0\.1:\d+\/list\.json\?…: .*ECONNREFUSED.*its servers are missing/,
    fix: /Correct mcp_config_remote_path/,
  },
  {
    name: "a remote MCP list that is not found, with an earlier answer",
    force: async (workspace) => {
      const url = `http://127.0.0.1:${await workspace.serve((_, response) => json(response, 404, {}))}/list`;
      configure(workspace, { mcp_config_remote_path: [url] });
      workspace.write(keptAnswer(url, workspace.paths), "{}");
    },
    check: "remote MCP lists",
    state: "note",
    cause: /it answers HTTP 404; its last good answer is used/,
    fix: /Correct mcp_config_remote_path/,
  },
  {
    name: "a remote MCP list that is none",
    force: async (workspace) => {
      const url = `http://127.0.0.1:${await workspace.serve((_, response) => response.end(`<html>${CANARY}`))}/list`;
      configure(workspace, { mcp_config_remote_path: [url] });
    },
    check: "remote MCP lists",
    state: "wrong",
    cause: /not a JSON object of MCP servers/,
    fix: /Correct mcp_config_remote_path/,
  },
];

const CONNECTION: Fault[] = [
  {
    name: "no key",
    force: ({ env }) => void delete env["AMP_API_KEY"],
    check: "API key",
    state: "note",
    cause: /AMP_API_KEY is not set/,
    fix: /Set amp_api_key, or run `amp login`/,
  },
  ...(
    [
      ["a key of Anthropic", `sk-ant-${CANARY}`, /holds a key of Anthropic, not of Amp/],
      ["a key of OpenAI", `sk-proj-${CANARY}`, /holds a key of OpenAI/],
      ["a key of GitHub", `ghp_${CANARY}`, /holds a key of GitHub/],
      ["a placeholder for a key", "<your-amp-key>", /holds a placeholder/],
      ["a key that is not one", `wrong-${CANARY}`, /does not begin with sgamp_/],
      ["a key with a line end", `sgamp_user_${CANARY}\n`, /white space or a line end/],
    ] as const
  ).map(
    ([name, value, cause]): Fault => ({
      name,
      force: key(value),
      check: "API key",
      state: "wrong",
      cause,
      fix: /Set amp_api_key to a key from https:\/\/ampcode\.com\/settings/,
    }),
  ),
  {
    name: "a key that the server refuses",
    force: answers(401, { error: "Unauthorized" }),
    check: "API key",
    state: "wrong",
    cause: /refuses the key in AMP_API_KEY \(HTTP 401\)/,
    fix: /Set amp_api_key to a key that is still valid/,
  },
  {
    name: "an account without credits",
    force: answers(402, { error: "Out of credits" }),
    check: "API key",
    state: "wrong",
    cause: /no credits left/,
    fix: /Add credits/,
  },
  {
    name: "a server with a fault",
    force: answers(503, "<html>Service unavailable"),
    check: "Amp server",
    state: "wrong",
    cause: /has a fault: HTTP 503/,
    fix: /Try again later/,
  },
  {
    name: "the page of a captive portal",
    force: answers(200, "<!doctype html><title>Log in to the hotel"),
    check: "Amp server",
    state: "wrong",
    cause: /gives a page instead of Amp's answer: a login page of the network/,
    fix: /Log in to the network/,
  },
  {
    name: "a redirect to a captive portal",
    force: answers(302, "", { location: `http://portal.example/login?token=${CANARY}` }),
    check: "Amp server",
    state: "wrong",
    cause: /a redirect to http:\/\/portal\.example: a login page/,
    fix: /Log in to the network/,
  },
  {
    name: "a server that is not Amp's",
    force: answers(404, { error: "no such page" }),
    check: "Amp server",
    state: "wrong",
    cause: /is no Amp server: HTTP 404/,
    fix: /Correct amp_url/,
  },
  {
    name: "an address that is none",
    force: ({ env }) => {
      env["AMP_URL"] = "ftp://amp.example";
    },
    check: "Amp server",
    state: "wrong",
    cause: /AMP_URL is no http address/,
    fix: /Correct amp_url/,
  },
  {
    name: "a name that DNS does not know",
    force: ({ env }) => {
      env["AMP_URL"] = "https://amp.invalid";
    },
    check: "Amp server",
    state: "wrong",
    cause: /the name of https:\/\/amp\.invalid is not known \(DNS\)/,
    fix: /Check the workspace's DNS/,
  },
  {
    name: "a server that refuses the connection",
    force: async ({ env }) => {
      env["AMP_URL"] = await refusedAddress();
    },
    check: "Amp server",
    state: "wrong",
    cause: /nothing listens at http:\/\/127\.0\.0\.1:\d+ \(connection refused\)/,
    fix: /Correct amp_url, or start that server/,
  },
  {
    name: "a server that accepts and never answers",
    force: async (workspace) => {
      workspace.env["AMP_URL"] = `http://127.0.0.1:${await workspace.serveSilence()}`;
    },
    check: "Amp server",
    state: "wrong",
    cause: /takes the connection and never answers/,
    fix: /Look for a firewall/,
  },
  {
    name: "a server that breaks the connection off",
    force: ({ ampServer }) => {
      ampServer.answer = (request) => request.socket.destroy();
    },
    check: "Amp server",
    state: "wrong",
    cause: /breaks the connection off/,
    fix: /Correct amp_url/,
  },
  {
    name: "a server without TLS behind an https address",
    force: ({ env }) => {
      env["AMP_URL"] = String(env["AMP_URL"]).replace("http:", "https:");
    },
    check: "Amp server",
    state: "wrong",
    cause: /does not speak TLS/,
    fix: /Begin the address with http:\/\//,
  },
  {
    name: "a certificate of an unknown CA",
    force: secureServer,
    check: "Amp server",
    state: "wrong",
    cause:
      /certificate of https:\/\/localhost:\d+ is not trusted here.*neither SSL_CERT_FILE nor NODE_EXTRA_CA_CERTS is set/,
    fix: /set SSL_CERT_FILE/,
  },
  {
    name: "a certificate of another CA than the one in SSL_CERT_FILE",
    force: async (workspace) => {
      await secureServer(workspace);
      const other = join(workspace.paths.home, "other-ca");
      mkdirSync(other);
      workspace.env["SSL_CERT_FILE"] = makeCertificates(other).ca;
    },
    check: "Amp server",
    state: "wrong",
    cause: /is not trusted here.*SSL_CERT_FILE is set, but does not hold its CA/,
    fix: /SSL_CERT_FILE/,
  },
  {
    name: "a CA file that is missing",
    force: ({ env }) => {
      env["NODE_EXTRA_CA_CERTS"] = "/etc/gone.pem";
    },
    check: "CA files",
    state: "wrong",
    cause: /NODE_EXTRA_CA_CERTS names \/etc\/gone\.pem, which is missing/,
    fix: /Correct the variable/,
  },
  {
    name: "a proxy that is not there",
    force: async ({ env }) => {
      const address = await refusedAddress();
      env["HTTP_PROXY"] = address.replace("//", `//user:${CANARY}@`);
    },
    check: "Amp server",
    state: "wrong",
    cause: /nothing listens at the proxy 127\.0\.0\.1:\d+/,
    fix: /Correct HTTPS_PROXY/,
  },
  {
    name: "a proxy that wants a login",
    force: async (workspace) => {
      const port = await workspace.serve((_, response) => json(response, 407, {}));
      workspace.env["HTTP_PROXY"] = `http://127.0.0.1:${port}`;
    },
    check: "Amp server",
    state: "wrong",
    cause: /the proxy 127\.0\.0\.1:\d+ wants a login \(HTTP 407\)/,
    fix: /Correct HTTPS_PROXY/,
  },
  {
    name: "a proxy that lets nothing through",
    force: async (workspace) => {
      // To CONNECT it answers as to anything else.
      const port = await workspace.serve(() => {});
      workspace.env["HTTPS_PROXY"] = `http://127.0.0.1:${port}`;
      workspace.env["AMP_URL"] = "https://amp.invalid";
    },
    check: "Amp server",
    state: "wrong",
    cause: /the proxy 127\.0\.0\.1:\d+/,
    fix: /Correct HTTPS_PROXY/,
  },
  {
    name: "a proxy that is no address",
    force: ({ env }) => {
      env["HTTP_PROXY"] = "http://:bad:";
    },
    check: "Amp server",
    state: "wrong",
    cause: /the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is no address/,
    fix: /Correct HTTPS_PROXY/,
  },
  {
    name: "a clock that is wrong",
    force: (workspace) => {
      workspace.now = () => new Date(Date.now() + 3 * 3_600_000);
    },
    check: "clock",
    state: "wrong",
    cause: /the clock is 3 h ahead/,
    fix: /Set the clock/,
  },
  {
    name: "a token that Coder refused at the last stop",
    force: (workspace) =>
      workspace.write(
        workspace.paths.stopLog,
        "2026-09-23T10:00:00.000Z WARN  Snapshot: Coder answers HTTP 401, so the stopped Task shows no messages.\n",
      ),
    check: "Coder's token",
    state: "note",
    cause: /refused the agent's token at the last stop \(HTTP 401\)/,
    fix: /Restart the workspace/,
  },
];

const AGENT: Fault[] = [
  {
    name: "no server",
    force: async (workspace) => {
      rmSync(workspace.paths.running);
      configure(workspace, { agentapi_port: await freePort() });
    },
    check: "AgentAPI server",
    state: "wrong",
    cause: /AgentAPI does not run/,
    fix: /amp-module start/,
  },
  {
    name: "no server in a second instance, whose command is not on PATH",
    force: async (workspace) => {
      rmSync(workspace.paths.running);
      configure(workspace, { agentapi_port: await freePort(), app_slug: "two" });
    },
    check: "AgentAPI server",
    state: "wrong",
    cause: /AgentAPI does not run/,
    fix: /\.amp-module\/bin\/amp-module start/,
  },
  {
    name: "a port that another program has",
    force: ({ paths }) => rmSync(paths.running),
    check: "AgentAPI server",
    state: "wrong",
    cause: new RegExp(`port \\d+ is taken by pid ${process.pid} `),
    fix: /Set agentapi_port to a free port/,
  },
  {
    name: "a server that does not answer",
    force: async (workspace) => {
      configure(workspace, { agentapi_port: await freePort() });
      await workspace.runServer();
    },
    check: "AgentAPI server",
    state: "wrong",
    cause: /gives no answer on port/,
    fix: /amp-module stop.*amp-module start/,
  },
  {
    name: "a server that hangs",
    force: async (workspace) => {
      configure(workspace, { agentapi_port: await workspace.serveSilence() });
      await workspace.runServer();
    },
    check: "AgentAPI server",
    state: "wrong",
    cause: /hangs: it runs but answers nothing/,
    fix: /amp-module stop.*amp-module start/,
  },
  {
    name: "a server that a signal has stopped",
    force: async (workspace) => {
      process.kill(await workspace.runServer(), "SIGSTOP");
    },
    check: "AgentAPI server",
    state: "wrong",
    cause: /hangs: it runs but answers nothing/,
    fix: /amp-module stop.*amp-module start/,
  },
  {
    name: "a server that is busy with a message",
    force: async (workspace) => {
      const port = await workspace.serve(({ url }, response) => {
        if (url !== "/events") return;
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write('event: status_change\ndata: {"status":"running","agent_type":"amp"}\n\n');
      });
      configure(workspace, { agentapi_port: port });
      await workspace.runServer();
    },
    check: "AgentAPI server",
    state: "note",
    cause: /is busy with a message/,
  },
  {
    name: "a server whose supervisor is dead",
    force: async (workspace) => {
      rmSync(workspace.paths.running);
      await workspace.runServer({
        env: { AMP_MODULE_INSTANCE: workspace.paths.moduleDir },
        isRecorded: false,
      });
    },
    check: "AgentAPI server",
    state: "wrong",
    cause: /\(pid \d+\) has lost its supervisor or its record/,
    fix: /amp-module start`: it ends them and starts anew/,
  },
  {
    name: "a start that was killed before the agent was ready",
    force: async (workspace) => {
      const { paths, config } = workspace;
      const identity = identifyProcess(await workspace.runServer());
      if (!identity) throw new Error("the process is gone");
      const rest = { port: config.agentapi_port, configuration: "c", isReady: false };
      writeServerRecord(paths.running, { ...identity, ...rest });
    },
    check: "AgentAPI server",
    state: "wrong",
    cause: /a start was killed before the agent was ready/,
    fix: /amp-module start/,
  },
  {
    name: "a supervisor that has given up",
    force: async (workspace) => {
      rmSync(workspace.paths.running);
      configure(workspace, { agentapi_port: await freePort() });
      workspace.write(
        workspace.paths.startLog,
        "2026-09-23T10:00:00.000Z ERROR AgentAPI or Amp ended 12 times within 10 minutes (exit code 1): giving up.\n",
      );
    },
    check: "AgentAPI server",
    state: "wrong",
    cause: /its supervisor has given up after repeated ends/,
    fix: /agentapi-start\.log, then: Run `amp-module start`/,
  },
  {
    name: "a port that was changed while the server runs",
    force: async (workspace) => configure(workspace, { agentapi_port: await freePort() }),
    check: "AgentAPI server",
    state: "wrong",
    cause: /listens on port \d+, but config\.json names \d+/,
    fix: /amp-module start/,
  },
  {
    name: "a start in progress",
    force: (workspace) =>
      writeFileSync(workspace.paths.lock, JSON.stringify(identifyProcess(sleeper(workspace)))),
    check: "start",
    state: "note",
    cause: /an install or a start \(pid \d+\) holds .*lock: it is in progress/,
    fix: /Wait for it; .*install\.log/,
  },
  {
    name: "a start that is stopped and holds the lock",
    force: (workspace) => {
      const pid = sleeper(workspace);
      writeFileSync(workspace.paths.userLock, JSON.stringify(identifyProcess(pid)));
      process.kill(pid, "SIGSTOP");
    },
    check: "start",
    state: "wrong",
    cause: /holds .*\.amp-module\.lock and is stopped by a signal/,
    fix: /kill -9 \d+/,
  },
  {
    name: "a server that others can reach",
    force: async (workspace) => {
      const port = await workspace.serve(
        (_, response) => json(response, 200, { status: "stable", agent_type: "amp" }),
        "0.0.0.0",
      );
      configure(workspace, { agentapi_port: port });
      await workspace.runServer();
    },
    check: "reach",
    state: "note",
    cause: /listens on every address, without a password/,
    fix: /Close port \d+ to other machines/,
  },
  {
    name: "two instances with one port",
    force: (workspace) => {
      const other = join(workspace.paths.home, ".amp-module-two/config.json");
      workspace.write(other, JSON.stringify({ ...workspace.config, app_slug: "two" }));
    },
    check: "other instances",
    state: "wrong",
    cause: /this module and the one in .*\.amp-module-two \(two\) both have port \d+/,
    fix: /Set agentapi_port to another port/,
  },
  {
    name: "warnings of the last install",
    force: (workspace) =>
      workspace.write(
        workspace.paths.installLog,
        `2026-09-23T10:00:01.000Z WARN  slow mirror, token=x&key=${CANARY}\n2026-09-23T10:00:02.000Z INFO  fine\n`,
      ),
    check: "warnings",
    state: "note",
    cause: /install\.log warns: slow mirror/,
    fix: /Read .*install\.log/,
  },
];

export const FAULTS: readonly Fault[] = [...WORKSPACE, ...PROGRAMS, ...SETTINGS, ...CONNECTION, ...AGENT];
