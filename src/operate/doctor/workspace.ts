import { existsSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
import { bytesOf } from "../../base/base85.ts";
import { sha256 } from "../../base/digest.ts";
import { fixOf, reasonOf } from "../../base/errors.ts";
import { FOLDER_FIX, folderProblem } from "../../base/folder.ts";
import { textIn } from "../../base/glance.ts";
import { expandHome } from "../../paths.ts";
import { readRunningServer } from "../../server/record.ts";
import { type Check, commandOf, configured, type Finding, note, ok, type Subject, wrong } from "./check.ts";

const RESTART = "Restart the workspace: its start scripts write the module's files anew.";
const MIB = 1024 ** 2;

const home: Check = {
  name: "home",
  group: "Workspace",
  look({ paths, system }) {
    const locked = [paths.home, paths.moduleDir, paths.state].find(
      (folder) => existsSync(folder) && !system.isWritable(folder),
    );
    if (locked === undefined) return ok(`${paths.home} is writable`);
    return wrong(
      `${locked} is not writable: the home volume may be mounted read-only`,
      "Make it writable for the workspace's user, or mount the home volume read-write.",
    );
  },
};

const disk: Check = {
  name: "disk",
  group: "Workspace",
  look({ paths, system }) {
    const room = system.room(paths.moduleDir);
    if (!room) return note(`how much room ${paths.moduleDir} has is not known`);
    const free = `${Math.floor(room.bytes / MIB)} MiB free`;
    const fix = "Free space on the volume of the home (du -xh ~ | sort -h | tail), or make it larger.";
    if (room.inodes !== undefined && room.inodes < 1_000) {
      return wrong(
        `the home volume has ${room.inodes} inodes left, so no more files fit on it`,
        "Remove many small files from the home, such as caches and node_modules.",
      );
    }
    if (room.bytes < 20 * MIB) return wrong(`the home volume is full: ${free}`, fix);
    if (room.bytes < 500 * MIB)
      return note(`the home volume is nearly full: ${free}; Amp's update needs more`, fix);
    return ok(free);
  },
};

const moduleDirectory: Check = {
  name: "module directory",
  group: "Workspace",
  look({ paths: { moduleDir } }) {
    if ((statSync(moduleDir).mode & 0o077) === 0) return ok(moduleDir);
    return wrong(`${moduleDir} is open to other users`, `chmod 700 ${moduleDir}`);
  },
};

const config: Check = {
  name: "config.json",
  group: "Workspace",
  look({ config, configProblem, paths }) {
    if (config !== undefined) return ok("config.json fits this module");
    return wrong(
      `${reasonOf(configProblem)} Nothing that depends on it was looked at.`.replace(
        paths.config,
        "config.json",
      ),
      fixOf(configProblem) ?? RESTART,
    );
  },
};

/** What the start scripts bring, whole and of one release. */
const files: Check = {
  name: "module's files",
  group: "Workspace",
  look(subject): Finding {
    const { paths, config: wanted } = subject;
    const bundles = [paths.bundle, ...(wanted?.transport === "stream" ? [paths.acpBundle] : [])];
    const missing = [...bundles, paths.loader, paths.launcher, paths.supervisor].find(
      (file) => !existsSync(file),
    );
    if (missing !== undefined) return wrong(`${missing} is missing`, RESTART);
    const cut = bundles.find((file) => !isWhole(file));
    if (cut !== undefined)
      return wrong(`${cut} was cut short or changed`, `${RESTART} If not, look for a full disk.`);
    if (
      wanted?.transport === "stream" &&
      sha256(readFileSync(paths.acpBundle)) !== wanted.acp_bundle_sha256
    ) {
      return wrong(
        `${paths.acpBundle} is not the stream agent that config.json names: the script "Amp: stream agent" has not run`,
        `Look at that script in the dashboard. ${RESTART}`,
      );
    }
    return ok("the module's files are whole");
  },
};

function isWhole(program: string): boolean {
  try {
    return brotliDecompressSync(bytesOf(textIn(program))).length > 0;
  } catch {
    return false;
  }
}

/** The agent keeps the folder that it was started in, also if another one has its name by now. */
const workdir = configured("workdir", "Workspace", (subject) => {
  const { paths } = subject;
  const path = expandHome(subject.config.workdir, paths.home);
  const problem = folderProblem(path);
  const running = readRunningServer(paths.running);
  const command = commandOf(subject);
  if (running && (problem === "does not exist" || isDeleted(`/proc/${running.pid}/cwd`))) {
    const fix = `Run \`${command} stop\`, then \`${command} start\`, which creates it.`;
    return wrong(`${path} was deleted while the agent runs in it`, fix);
  }
  if (problem === "does not exist") return note(`${path} does not exist, the next start creates it`);
  return problem === undefined ? ok(path) : wrong(`${path} ${problem}`, FOLDER_FIX);
});

function isDeleted(link: string): boolean {
  try {
    return readlinkSync(link).endsWith(" (deleted)");
  } catch {
    // There is no such link on this system, or it is not ours to read.
    return false;
  }
}

/** Whether the folder of the user's own home is the one that the module was installed into. */
const homeOfModule: Check = {
  name: "HOME",
  group: "Workspace",
  look({ paths, env }: Subject) {
    if (env["AMP_MODULE_DIR"] || paths.moduleDir.startsWith(`${paths.home}/`)) return [];
    return wrong(
      `HOME is ${paths.home}, but the module is in ${paths.moduleDir}, so settings and logins are looked for elsewhere`,
      "Set HOME to the home of the workspace's user.",
    );
  },
};

export const WORKSPACE_CHECKS: readonly Check[] = [
  home,
  homeOfModule,
  disk,
  moduleDirectory,
  config,
  files,
  workdir,
];
