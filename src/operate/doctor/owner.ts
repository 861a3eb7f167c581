import { lstatSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { namesIn } from "../../base/glance.ts";
import { userName } from "../../base/user-names.ts";
import { type Check, type Finding, ok, type Subject, wrong } from "./check.ts";

/** Whose module this is: root, or another user, would see another home and leave files that its owner cannot change. */
export const OWNER: Check = {
  name: "user",
  group: "Workspace",
  look({ paths, system: { uid } }) {
    const owner = statSync(paths.moduleDir).uid;
    if (uid === undefined || uid === owner) return ok(`${nameOf(owner)} owns this module`);
    const fix = `Run it as ${nameOf(owner)}: sudo -u ${userArgument(owner)} -H ${paths.launcher} doctor`;
    return wrong(
      `this module belongs to ${nameOf(owner)} (uid ${owner}), and you are ${nameOf(uid)} (uid ${uid})`,
      fix,
    );
  },
};

/** What a command that was once run as root, with sudo for instance, has left in the user's own folders. */
export const FILES_OF_OTHERS: Check = {
  name: "owner of files",
  group: "Workspace",
  look(subject): Finding {
    const { uid } = subject.system;
    const foreign = uid === undefined ? [] : filesToOwn(subject).filter(([, owner]) => owner !== uid);
    const [first] = foreign;
    if (uid === undefined || !first) return ok("all files are the user's own");
    const [path, owner] = first;
    const more = foreign.length > 1 ? ` and ${foreign.length - 1} more` : "";
    const folders = [...new Set(foreign.map(([file]) => dirname(file)))].slice(0, 3).join(" ");
    return wrong(
      `${path}${more} belongs to ${nameOf(owner)}, so the agent cannot change it`,
      `Give it back: sudo chown -R ${uid} ${folders}`,
    );
  },
};

/** The files that the module and Amp have to write, with their owners. */
function filesToOwn({ paths }: Subject): [path: string, uid: number][] {
  const inside = [paths.moduleDir, paths.bin, paths.state].flatMap((folder) =>
    namesIn(folder).map((name) => join(folder, name)),
  );
  const amp = [paths.ampSettings, paths.ampSession].flatMap((file) => [dirname(file), file]);
  const rest = [
    join(paths.home, ".cache", "amp"),
    join(paths.home, ".local", "state", "amp"),
    paths.instructions,
  ];
  return [...inside, ...amp, ...rest].flatMap((path): [string, number][] => {
    const uid = lstatSync(path, { throwIfNoEntry: false })?.uid;
    return uid === undefined ? [] : [[path, uid]];
  });
}

/** As /etc/passwd has it, else the number. */
function nameOf(uid: number): string {
  return userName(uid) ?? `user ${uid}`;
}

function userArgument(uid: number): string {
  return userName(uid) ?? `'#${uid}'`;
}
