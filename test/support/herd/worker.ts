import { type HerdPlace, type HerdWorkspace, herdWorkspace } from "./workspace.ts";

/** Some workspaces of a herd, in a process of their own: one process alone would be busy with starting programs. */
export interface Batch {
  places: HerdPlace[];
  isBare: boolean;
}

/** How one workspace's start ended. */
export interface Ended {
  /** "" if it did not fail. */
  failure: string;
  seconds: number;
}

// The first message names the workspaces, the second one lets them start.
process.once("message", async ({ places, isBare }: Batch) => {
  const herd = await Promise.all(places.map(herdWorkspace));
  process.once("message", async () => {
    const began = performance.now();
    const start = async (workspace: HerdWorkspace): Promise<Ended> => {
      const failure = await (isBare ? workspace.launch() : workspace.start());
      return { failure, seconds: (performance.now() - began) / 1000 };
    };
    const ended = await Promise.all(herd.map(start));
    for (const workspace of herd) await workspace.dispose();
    process.send?.(ended, () => process.disconnect());
  });
  process.send?.("ready");
});
