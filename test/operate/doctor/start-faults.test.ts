import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { runStart } from "../../../src/commands/start.ts";
import { lastFailure } from "../../../src/operate/last-error.ts";
import { explainEnd } from "../../../src/server/explain-end.ts";
import { defaultVersion } from "../../support/default-release.ts";
import { freePort } from "../../support/free-port.ts";
import { moduleRoot } from "../../support/terraform.ts";
import { bringStreamAgent } from "./fault-table.ts";
import { CANARY, examineIt, healthyWorkspace, json, type Workspace } from "./subject.ts";

/** One start that fails: its script's last lines, its log's last lines and doctor's first line say why. */
interface StartFault {
  name: string;
  force(workspace: Workspace): unknown;
  log?: "install" | "start";
  cause: RegExp;
  fix: RegExp;
}

/** An AgentAPI that ends at once, with the agent's last words. */
function dies(words: string, code = 1) {
  return (workspace: Workspace) =>
    workspace.program(
      workspace.paths.agentapi,
      `case "$1" in --version) echo agentapi version ${defaultVersion} ;; *) printf '%b\\n' "${words}"; exit ${code} ;; esac`,
    );
}

const manyLines = Array.from({ length: 12 }, (_, index) => `line ${index} of the screen`).join("\\n");

const FAULTS: StartFault[] = [
  {
    name: "a refused key",
    force: dies("Error: Invalid or missing API key. Run 'amp login' to authenticate."),
    cause: /does not accept the API key in amp_api_key/,
    fix: /Set amp_api_key to a key that is still valid/,
  },
  {
    name: "a refused key on a long screen",
    force: dies(`${manyLines}\\nError: Invalid or missing API key.\\n${manyLines}`),
    cause: /does not accept the API key in amp_api_key/,
    fix: /Set amp_api_key to a key that is still valid/,
  },
  {
    name: "no key",
    force: dies("No API key found. Starting login flow..."),
    cause: /Amp has no API key/,
    fix: /Set amp_api_key/,
  },
  {
    name: "no network",
    force: dies("Error: Couldn’t connect to Amp servers"),
    cause: /Amp cannot connect to the Amp server/,
    fix: /Check the workspace's network and proxy/,
  },
  {
    name: "a certificate of an unknown CA",
    force: dies("Error: self signed certificate in certificate chain"),
    cause: /certificate of the Amp server is not trusted/,
    fix: /NODE_EXTRA_CA_CERTS/,
  },
  {
    name: "no credits",
    force: dies("Error: Out of Credits"),
    cause: /the Amp account has no credits left/,
    fix: /Add credits/,
  },
  {
    name: "a mode of another release",
    force: dies("Error: Unknown mode: turbo"),
    cause: /Amp does not know the mode/,
    fix: /Set mode to one/,
  },
  {
    name: "an AgentAPI without a flag",
    force: dies("Error: unknown flag: --state-file"),
    cause: /does not know one of its arguments|is too old/,
    fix: /agentapi_version/,
  },
  {
    name: "an agent that ends without a word",
    force: dies("", 3),
    cause: /the agent ended before it was ready.*exit code 3/,
    fix: /Read agentapi-start\.log/,
  },
  {
    name: "a port that is taken",
    force: async (workspace) => {
      workspace.config.agentapi_port = await workspace.serve((_, response) => response.end());
    },
    cause: /Port \d+ is taken by pid \d+/,
    fix: /Set agentapi_port to a free port/,
  },
  {
    name: "a mode that this Amp does not list",
    force: ({ config }) => {
      config.mode = "turbo";
    },
    cause: /does not know the mode "turbo"; it knows low, medium, high/,
    fix: /Set mode to one of these/,
  },
  {
    name: "a workdir that is a file",
    force: (workspace) => {
      rmSync(join(workspace.paths.home, "project"), { recursive: true });
      workspace.write(join(workspace.paths.home, "project"), "");
    },
    cause: /The workdir .*project is a file/,
    fix: /Set workdir/,
  },
  {
    name: "a stream without the AgentAPI for it",
    force: (workspace) => {
      workspace.program(workspace.paths.agentapi, "echo agentapi version 0.11.8");
      workspace.config.agentapi_version = "v0.11.8";
      bringStreamAgent(workspace);
    },
    cause: /transport is "stream", but AgentAPI 0\.11\.8 cannot do that/,
    fix: /Set agentapi_version to v0\.12\.0 or newer/,
  },
  {
    name: "a boundary without its command",
    force: (workspace) => {
      workspace.config.enable_boundary = true;
      workspace.program(join(workspace.paths.home, "path/coder"), "exit 1");
    },
    cause: /has no command "boundary"/,
    fix: /enable_boundary = false/,
  },
  {
    name: "no Amp, and none may be installed",
    force: (workspace) => {
      rmSync(join(workspace.paths.home, ".amp"), { recursive: true });
      workspace.config.install_amp = false;
    },
    log: "install",
    cause: /No working Amp was found/,
    fix: /Set install_amp = true/,
  },
  {
    name: "no AgentAPI, and none may be installed",
    force: (workspace) => {
      rmSync(workspace.paths.agentapi);
      workspace.config.install_agentapi = false;
      // The one of this machine is not the workspace's.
      workspace.env["PATH"] = join(workspace.paths.home, "path");
    },
    log: "install",
    cause: /No working AgentAPI was found/,
    fix: /Set install_agentapi = true/,
  },
  {
    name: "a release that the mirror does not have",
    force: async (workspace) => {
      rmSync(workspace.paths.agentapi);
      workspace.env["PATH"] = join(workspace.paths.home, "path");
      const port = await workspace.serve((_, response) => json(response, 404, {}));
      workspace.config.agentapi_download_url = `http://127.0.0.1:${port}/releases?token=${CANARY}`;
    },
    log: "install",
    cause: /AgentAPI could not be installed from .*404/,
    fix: /Check agentapi_version, and that the mirror in agentapi_download_url has this release/,
  },
  {
    name: "a download with another checksum",
    force: async (workspace) => {
      rmSync(workspace.paths.agentapi);
      workspace.env["PATH"] = join(workspace.paths.home, "path");
      const port = await workspace.serve((_, response) => response.end("something else"));
      workspace.config.agentapi_download_url = `http://127.0.0.1:${port}`;
      workspace.config.agentapi_sha256 = "0".repeat(64);
    },
    log: "install",
    cause: /wrong checksum/,
    fix: /Check agentapi_sha256/,
  },
  {
    name: "a pre-install script that fails",
    force: (workspace) =>
      workspace.program(
        workspace.paths.preInstall.script,
        `echo the mirror says ${CANARY}-not-known; exit 3`,
      ),
    log: "install",
    cause: /pre_install_script failed.*exit code 3|pre_install_script.*exit code 3/s,
    fix: /pre_install\.log/,
  },
  {
    name: "settings in whose place a folder stands",
    force: (workspace) => {
      rmSync(workspace.paths.ampSettings);
      mkdirSync(workspace.paths.ampSettings);
    },
    log: "install",
    cause: /Amp's settings could not be written to .*settings\.json/,
    fix: /Check the file and its folder/,
  },
];

// What they ask each other is answered in this one process, which must not be too busy for it.
vi.setConfig({ maxConcurrency: 3 });

test.concurrent.for(FAULTS)("$name: script, log and doctor say cause and fix", async (fault, { expect }) => {
  const workspace = await healthyWorkspace();
  try {
    const { paths, config, echoed } = workspace;
    rmSync(paths.running);
    rmSync(paths.startLog);
    config.agentapi_port = await freePort();
    copyFileSync(join(moduleRoot, "scripts/supervisor.sh"), paths.supervisor);
    await fault.force(workspace);
    await expect(runStart(workspace)).rejects.toThrow();

    const log = fault.log === "install" ? paths.installLog : paths.startLog;
    const lastOfLog = readFileSync(log, "utf8").trimEnd().split("\n").slice(-5).join("\n");
    const lastOfScript = echoed.slice(-5).join("\n");
    for (const last of [lastOfLog, lastOfScript]) {
      expect(last).toMatch(fault.cause);
      expect(last).toMatch(fault.fix);
    }

    const { report, terminal, full, json: told } = await examineIt(workspace);
    expect(report.isHealthy).toBe(false);
    expect(report.lastFailure).toMatchObject({
      log,
      cause: expect.stringMatching(fault.cause),
      fix: expect.stringMatching(fault.fix),
    });
    expect(terminal).toMatch(/^✗ The last start failed \(\d\d:\d\d:\d\d UTC, /);
    expect(terminal.trimEnd().split("\n").length).toBeLessThan(24);
    expect(report.lastFailure?.cause).not.toMatch(/of the screen|last screen/);
    // Of a script's own words only those with a secret's name can be told; this one stands in a test.
    if (!/pre-install/.test(fault.name)) expect(terminal + full + told).not.toContain(CANARY);
  } finally {
    workspace.dispose();
  }
});

test("a supervisor that has given up: doctor's first line has the cause that the log ends with", async () => {
  const workspace = await healthyWorkspace();
  try {
    const { paths } = workspace;
    workspace.write(
      paths.startLog,
      "2026-09-23T10:00:00.000Z INFO  Amp is ready.\nError: Out of Credits\n" +
        "2026-09-23T10:09:00.000Z ERROR AgentAPI or Amp ended 12 times within 10 minutes (exit code 1): giving up.\n",
    );
    explainEnd(workspace, 1);
    expect((await examineIt(workspace)).report.lastFailure).toMatchObject({
      cause: expect.stringMatching(
        /ended 12 times.*giving up\. The cause of the last end: the Amp account has no credits left/,
      ),
      fix: expect.stringMatching(/^Add credits.*Then run "amp-module start"/),
    });
  } finally {
    workspace.dispose();
  }
});

test("what has failed before and went well since is no failure of the last start; of two the newer counts", async () => {
  const workspace = await healthyWorkspace();
  try {
    const { paths, write } = workspace;
    const failed = (time: string, what: string) =>
      `2026-09-23T${time}Z ERROR ${what}\n2026-09-23T${time}Z ERROR To fix it: ${what} it.\n`;
    write(
      paths.startLog,
      `${failed("10:00:00.000", "Old")}2026-09-23T10:01:00.000Z INFO  It is left alone.\n`,
    );
    expect(lastFailure(paths)).toBeUndefined();
    write(paths.startLog, `${failed("10:00:00.000", "Old")}  its output\n`);
    write(paths.installLog, failed("11:00:00.000", "New"));
    expect(lastFailure(paths)).toMatchObject({ cause: "New", fix: "New it.", log: paths.installLog });
    rmSync(paths.installLog);
    expect(lastFailure(paths)).toMatchObject({ cause: "Old" });
    rmSync(paths.startLog);
    expect(lastFailure(paths)).toBeUndefined();
  } finally {
    workspace.dispose();
  }
});
