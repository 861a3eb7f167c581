import { setTimeout as sleep } from "node:timers/promises";
import { startAmpServer } from "../../amp-server.ts";
import type { Workspace, WorkspaceOptions } from "../../workspace.ts";
import type { Part, Row } from "../part.ts";
import { type Figures, inTurn } from "../sample.ts";
import { benchWorkspace, clear } from "../subjects.ts";
import { timedScript } from "../timed-script.ts";

/** A start with a first prompt. */
export const prompt: Part = {
  name: "prompt",
  title: "Starts with a prompt",
  about:
    "Everything is installed; each start opens a thread of its own, to which the prompt goes. With the real Amp the prompt " +
    "is counted when Amp's server has it; with the stand-in for Amp, when that has read it.",
  rounds: 10,
  async run(rounds) {
    const server = await startAmpServer();
    const variables = { ai_prompt: "How far is the moon?", continue: false, status_reports: "off" };
    const all: { amp: string; workspace: Workspace }[] = [];
    const add = async (amp: string, options: WorkspaceOptions) => {
      const workspace = await benchWorkspace({ ...options, variables });
      all.push({ amp, workspace });
      await workspace.start();
    };
    try {
      await add("stand-in", {});
      await add("real", { ampServer: server });
      const of = await inTurn(
        rounds,
        all.map((each) => () => promptedStart(each.amp, each.workspace)),
      );
      return all.flatMap(({ amp }): Row[] => [
        { what: `${amp} Amp, until it has the prompt`, unit: "ms", ours: of(`${amp} prompt`) },
        { what: `${amp} Amp, whole script`, unit: "ms", ours: of(`${amp} total`) },
      ]);
    } finally {
      for (const { workspace } of all) await workspace.dispose();
      await server.close();
    }
  },
};

async function promptedStart(amp: string, workspace: Workspace): Promise<Figures> {
  await clear(workspace);
  const before = (await workspace.prompts()).length;
  const begin = performance.now();
  const ended = timedScript(workspace, workspace.scripts.start);
  ended.catch(() => {});
  const arrived = async () => {
    while ((await workspace.prompts()).length === before) await Promise.race([sleep(5), failure]);
    return performance.now() - begin;
  };
  const failure = ended.then(() => sleep(2_000)).then(() => Promise.reject(new Error("no prompt arrived")));
  failure.catch(() => {});
  const arrivedAt = await arrived();
  const { total } = await ended;
  return { [`${amp} prompt`]: arrivedAt, [`${amp} total`]: total };
}
