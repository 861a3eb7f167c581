import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { findTool } from "./find-tool.ts";
import { folderOfRun } from "./run-folder.ts";

/** What even the barest image has: a shell, GNU coreutils and gzip. The stand-in AgentAPI needs script and setpriv. */
const bare = `sh bash dash gzip gunzip script setpriv
  base64 basename cat chmod chown cp cut date dd df dirname du echo env expr false head id install join link ln ls
  md5sum mkdir mkfifo mktemp mv nice nohup nproc od paste printenv printf pwd readlink realpath rm rmdir seq
  sha256sum sleep sort split stat stty sync tail tee test timeout touch tr true truncate tty uname uniq wc whoami`;

/** What a usual workspace image has besides; neither Amp nor AgentAPI nor Coder. */
const usual = `awk cmp curl diff file find flock free getent git grep hostname kill less node npm npx openssl pgrep ps
  sed setsid tar unzip wget which xargs xz zstd`;

/**
 * Fills a folder with links to this machine's tools, to be a workspace's PATH: what happens to be installed here
 * besides (an Amp, an AgentAPI, a JavaScript runtime) then cannot slip into a test.
 *
 * @param kind `bare` has no JavaScript runtime, no downloader and no git
 * @param extra further names to link where they exist
 */
async function makeToolFolder(
  folder: string,
  kind: "bare" | "usual",
  extra: readonly string[] = [],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = `${bare} ${kind === "usual" ? usual : ""}`.split(/\s+/).filter((name) => name !== "");
  await Promise.all(
    [...new Set([...names, ...extra])].map(async (name) => {
      const target = name === "node" ? process.execPath : await findTool(name);
      if (target) await symlink(target, join(folder, name));
    }),
  );
}

/**
 * Such a folder, one for all workspaces of a run that have the same tools: a hundred links for each cost more than all the
 * rest of a workspace.
 *
 * @param otherwise where it is made if no run has been opened
 */
export function sharedToolFolder(
  kind: "bare" | "usual",
  extra: readonly string[],
  otherwise: string,
): Promise<string> {
  const name = ["tools", kind, ...extra].join("-");
  return folderOfRun(name, (folder) => makeToolFolder(folder, kind, extra), otherwise);
}
