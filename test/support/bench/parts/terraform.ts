import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { applyModule, moduleRoot, terraformEnv, testAgentId } from "../../terraform.ts";
import { findTerraform } from "../../terraform-binary.ts";
import type { Part, Row } from "../part.ts";
import { type Figures, inTurn, timed } from "../sample.ts";

const COUNTS = [1, 50];

/** What the module costs a provisioner. */
export const terraform: Part = {
  name: "terraform",
  title: "Plan and apply",
  about:
    "Of so many instances with default settings, after `init`. The floor is as many bare `coder_script` resources, each " +
    "with a text as long as the start script.",
  rounds: 5,
  async run(rounds) {
    const { resources } = await applyModule({ variables: { agent_id: testAgentId, workdir: "~/project" } });
    const script = String(resources["coder_script.start"]?.values["script"]);
    const folders: Folder[] = [];
    try {
      for (const count of COUNTS)
        for (const kind of ["ours", "floor"] as const) folders.push(await prepare(kind, count, script));
      const of = await inTurn(
        rounds,
        folders.map(({ kind, count, run }) => async (): Promise<Figures> => {
          const plan = await timed(() => run(["plan", "-input=false", "-no-color", "-out=plan"]));
          // A large state is written resource by resource: it tells nothing new.
          const apply = await timed(() => run(["apply", "-input=false", "-no-color", "plan"]));
          rmSync(join(folders.find((each) => each.run === run)?.path ?? "", "terraform.tfstate"));
          return { [`${kind} plan ${count}`]: plan, [`${kind} apply ${count}`]: apply };
        }),
      );
      return ["plan", "apply"].flatMap((verb) =>
        COUNTS.map(
          (count): Row => ({
            what: `${verb} of ${count} instance${count === 1 ? "" : "s"}`,
            unit: "ms",
            ours: of(`ours ${verb} ${count}`),
            floor: of(`floor ${verb} ${count}`),
          }),
        ),
      );
    } finally {
      for (const { path } of folders) rmSync(path, { recursive: true, force: true });
    }
  },
};

interface Folder {
  kind: "ours" | "floor";
  count: number;
  path: string;
  run: (args: string[]) => Promise<unknown>;
}

async function prepare(kind: Folder["kind"], count: number, script: string): Promise<Folder> {
  const path = mkdtempSync(join(tmpdir(), "amp-module-bench-"));
  const [binary, env] = await Promise.all([findTerraform(), terraformEnv()]);
  const run = (args: string[]) => execa(binary.path, args, { cwd: path, env, extendEnv: false });
  writeFileSync(join(path, "script"), script);
  writeFileSync(join(path, "main.tf.json"), JSON.stringify(kind === "ours" ? instances(count) : bare(count)));
  await run(["init", "-input=false", "-no-color", "-backend=false"]);
  return { kind, count, path, run };
}

const terraformBlock = { required_providers: { coder: { source: "coder/coder" } } };

function instances(count: number): unknown {
  return {
    terraform: terraformBlock,
    module: { amp: { count, source: moduleRoot, agent_id: testAgentId, workdir: "~/project" } },
  };
}

function bare(count: number): unknown {
  const values = {
    ...{ count, agent_id: testAgentId, display_name: "bare", run_on_start: true },
    script: `\${file("\${path.module}/script")}`,
  };
  return { terraform: terraformBlock, resource: { coder_script: { bare: values } } };
}
