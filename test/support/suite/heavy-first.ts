import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files that take longest, longest first: one that begins last would have the workers wait for it. An order of which
 * nothing but the time depends.
 */
export const heavyFiles: readonly string[] = [
  "conversation/stop",
  "e2e/install",
  "e2e/prompt",
  "install-faults/kill",
  "conversation/task",
  "conversation/crash",
  "install-faults/matrix",
  "conversation/faults",
  "e2e/first-prompt",
  "e2e/tools",
  "e2e/permissions",
  "packages/packages",
  "e2e/managed-settings",
  "e2e/real-amp",
  "e2e/runner",
  "conversation/resume",
  "real-screen/screens",
  "e2e/agent-faults",
  "e2e/runtimes",
  "e2e/restart",
  "conversation/raw",
  "conversation/late-box",
  "support/workspace",
];

/** Begins with the files above; the others follow in the order that they have. */
export function heavyFirst<File extends { moduleId: string }>(files: readonly File[]): File[] {
  const rank = ({ moduleId }: File) => {
    const index = heavyFiles.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
    return index === -1 ? heavyFiles.length : index;
  };
  return files.toSorted((one, other) => rank(one) - rank(other));
}

/** vitest's own order, but for the files above. */
export default class HeavyFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return heavyFirst(await super.sort(files));
  }
}
