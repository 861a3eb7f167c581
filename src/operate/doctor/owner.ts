import { lstatSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { namesIn } from "../../base/glance.ts";
import { foreignOwner, nameOf } from "../owner.ts";
import { type Check, type Finding, ok, type Subject, wrong } from "./check.ts";

/** Whose module this is. */
export const OWNER: Check = {
  name: "user",
  group: "Workspace",
  look({ paths, system: { uid } }) {
    const foreign = foreignOwner(paths, "doctor", uid);
    if (foreign) return wrong(`this module ${foreign.belongs}`, foreign.fix);
    return ok(`${nameOf(statSync(paths.moduleDir).uid)} owns this module`);
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
