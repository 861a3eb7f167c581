import { ps } from "./child.ts";
import { livePids, statFields } from "./process-identity.ts";

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
  return livePids().map((pid) => [pid, Number(statFields(pid)[1])]);
}

function parentsFromPs(): ChildAndParent[] {
  return ps("-axo", "pid=,ppid=")
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]): ChildAndParent[] => (child && parent !== undefined ? [[child, parent]] : []));
}
