import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The pids of all processes below `pid`, parents before children. */
export function descendantsOf(pid: number): number[] {
  const parents = process.platform === "linux" ? parentsFromProc() : parentsFromPs();
  const found = [pid];
  for (const ancestor of found) {
    found.push(...parents.filter(([, parent]) => parent === ancestor).map(([child]) => child));
  }
  return found.slice(1);
}

type ChildAndParent = [child: number, parent: number];

function parentsFromProc(): ChildAndParent[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): ChildAndParent[] => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        // Behind the command in parentheses: state, then the parent's pid (proc(5)).
        return [[Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])]];
      } catch {
        return [];
      }
    });
}

function parentsFromPs(): ChildAndParent[] {
  const { stdout } = spawnSync("ps", ["-axo", "pid=,ppid="], { encoding: "utf8" });
  return (stdout ?? "")
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]): ChildAndParent[] => (child && parent !== undefined ? [[child, parent]] : []));
}
