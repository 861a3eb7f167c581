import type { Part, Row } from "../part.ts";
import { startedProcesses } from "../processes.ts";
import { type Subject, withSubjects } from "../subjects.ts";

/** How many processes a start takes. */
export const processes: Part = {
  name: "processes",
  title: "Processes of a start",
  about: "Counted by `strace`, with all that a start with an Amp that costs nothing leaves running.",
  rounds: 1,
  run: () =>
    withSubjects("free", async (ours, baseline) => {
      const count = async (subject: Subject) => {
        await subject.clear();
        const found = await startedProcesses(subject);
        if (found === undefined) throw new Error("this machine has no strace that may trace");
        await subject.clear();
        return [found];
      };
      const rows: Row[] = [
        {
          ...{ what: "start with everything installed", unit: "", ours: await count(ours) },
          ...(baseline && { baseline: await count(baseline) }),
        },
      ];
      return rows;
    }),
};
