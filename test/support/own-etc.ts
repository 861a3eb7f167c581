import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { folderOfRun } from "./run-folder.ts";

/** Runs what follows, with the folder `$0` in place of /etc for it and its children; nobody else sees it. */
const BIND = 'mount --bind "$0" /etc && exec "$@"';
const BIND_READ_ONLY = 'mount --bind "$0" /etc && mount -o remount,bind,ro /etc && exec "$@"';

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Whether this user may have an /etc of its own, in a mount namespace; Docker's default does not allow it even to root. */
export async function mayHaveOwnEtc(): Promise<boolean> {
  const args = ["--mount", "sh", "-c", BIND, "/tmp", "true"];
  return (await execa("unshare", args, { reject: false })).exitCode === 0;
}

/** A copy of this machine's /etc in `folder`, which must be new: links to the files of one copy for all of a run. */
export async function copyEtc(folder: string): Promise<void> {
  // Some of it may be for others only.
  const copy = (how: string, from: string, to: string) => execa("cp", [how, from, to], { reject: false });
  const fill = async (part: string) => {
    await mkdir(part, { recursive: true });
    await copy("-a", "/etc", join(part, "etc"));
  };
  await copy("-al", join(await folderOfRun("etc", fill, `${folder}.first`), "etc"), folder);
}

/** A shell script that runs `script` with bash and the copy as its /etc. */
export function withOwnEtc(folder: string, script: string, options: { readOnly?: true } = {}): string {
  const bind = options.readOnly ? BIND_READ_ONLY : BIND;
  const words = ["env", 'PATH="$WORKSPACE_PATH"', "bash", "-c", quoted(script)];
  return `WORKSPACE_PATH="$PATH" PATH="${PATH}"; export WORKSPACE_PATH PATH
exec unshare --mount sh -c ${quoted(bind)} ${quoted(folder)} ${words.join(" ")}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
