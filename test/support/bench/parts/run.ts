import { dirname, join } from "node:path";
import { runAsAgent } from "../../run-script.ts";
import { SCRIPTED_AMP } from "../../scripted-amp.ts";
import type { Part } from "../part.ts";
import { type Figures, inTurn } from "../sample.ts";
import { benchWorkspace } from "../subjects.ts";

/** As many as the scripted Amp says in one turn. */
const EVENTS = 100_000;

/** What `amp-module run` adds to Amp's own stream. */
export const run: Part = {
  name: "run",
  title: "`amp-module run`",
  about: `Of a turn with ${EVENTS} events, per 10,000 of them. The floor is the same Amp with its stream thrown away.`,
  rounds: 5,
  async run(rounds) {
    const workspace = await benchWorkspace({
      amp: "none",
      env: { AMP_CLI_PATH: SCRIPTED_AMP, AMP_STREAM: "many" },
      variables: { install_amp: false, status_reports: "off", enable_agentapi: false },
    });
    const { moduleDir, home: cwd } = workspace;
    const env = { ...workspace.env, PATH: `${dirname(SCRIPTED_AMP)}:${workspace.env["PATH"]}` };
    const timed = async (name: string, command: readonly string[]): Promise<Figures> => {
      // Its output is what is measured: a file takes it, and no pipe of ours.
      const shell = ["sh", "-c", 'exec "$@" >/dev/null', "-", ...command];
      const { durationMs, exitCode, stderr } = await runAsAgent(shell, { cwd, env });
      if (exitCode !== 0) throw new Error(`${name} failed:\n${stderr}`);
      return { [name]: durationMs / (EVENTS / 10_000) };
    };
    try {
      const { exitCode, stderr } = await workspace.start();
      if (exitCode !== 0) throw new Error(`a start failed:\n${stderr}`);
      const launcher = join(moduleDir, "bin/amp-module");
      const of = await inTurn(rounds, [
        () => timed("text", [launcher, "run", "tell me all: many"]),
        () => timed("json", [launcher, "run", "--json", "tell me all: many"]),
        () => timed("bare", [SCRIPTED_AMP, "--execute", "tell me all: many", "--stream-json"]),
      ]);
      return [
        { what: "text, per 10,000 events", unit: "ms", ours: of("text"), floor: of("bare") },
        { what: "`--json`, per 10,000 events", unit: "ms", ours: of("json"), floor: of("bare") },
      ];
    } finally {
      await workspace.dispose();
    }
  },
};
