import { accessSync, constants, statfsSync } from "node:fs";
import { MANAGED_SETTINGS } from "../../amp/places.ts";
import { createRedact } from "../../base/redact.ts";
import { createContext, locate } from "../../context.ts";
import type { Subject, System } from "./check.ts";

/** The system that this process runs on. */
const SYSTEM: System = {
  uid: process.getuid?.(),
  room(path) {
    try {
      const { bavail, bsize, ffree, files } = statfsSync(path);
      // Some file systems make inodes as they need them, and count none.
      return { bytes: bavail * bsize, inodes: files === 0 ? undefined : ffree };
    } catch {
      return undefined;
    }
  },
  isWritable(path) {
    try {
      accessSync(path, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  },
  managedSettings: MANAGED_SETTINGS,
};

/**
 * The module that `bundle` belongs to, also if its configuration cannot be read.
 *
 * @throws ModuleError if there is no home
 */
export function subjectOf(bundle: string, env: NodeJS.ProcessEnv): Subject {
  const located = { paths: locate(bundle, env), env: { ...env }, now: () => new Date(), system: SYSTEM };
  try {
    return { ...located, ...createContext(bundle, env) };
  } catch (configProblem) {
    return { ...located, redact: createRedact(env), config: undefined, configProblem };
  }
}
