import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exists } from "../cache.ts";
import { findTool } from "../find-tool.ts";
import { applyModule, moduleRoot, terraformEnv } from "../terraform.ts";
import { findTerraform } from "../terraform-binary.ts";
import { addUp, check, leaveOut, type Step, type StepResult } from "./step.ts";

export const lintSteps: Step[] = [
  { name: "biome", run: () => check("biome", ["check", "--error-on-warnings"]) },
  { name: "prettier", run: () => check("prettier", ["--check", "**/*.md"]) },
  { name: "tsc", run: () => check("tsc", []) },
  {
    name: "terraform fmt",
    run: async () =>
      check((await findTerraform()).path, ["fmt", "-check", "-diff", "-recursive"], {
        env: await terraformEnv(),
      }),
  },
  { name: "shellcheck", run: shellcheck },
  {
    name: "generated files",
    run: async () =>
      addUp(
        await Promise.all(
          ["tools/build.ts", "tools/generate.ts"].map((tool) => check("tsx", [tool, "--check"])),
        ),
      ),
  },
];

/** The shell sources as they are, and both scripts as Terraform renders them. */
async function shellcheck(): Promise<StepResult> {
  if (!(await findTool("shellcheck"))) return leaveOut("shellcheck: not on PATH, no shell script was linted");
  const folder = await mkdtemp(join(tmpdir(), "amp-module-lint-"));
  try {
    const { resources } = await applyModule({ variables: { workdir: "~/project" } });
    const rendered: string[] = [];
    for (const [address, { type, values }] of Object.entries(resources)) {
      if (type !== "coder_script") continue;
      const file = join(folder, `${address}.sh`);
      await writeFile(file, String(values["script"]));
      rendered.push(file);
    }
    const files = [...(await shellSources()), ...rendered];
    return addUp(await Promise.all(files.map((file) => check("shellcheck", ["--severity=style", file]))));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function shellSources(): Promise<string[]> {
  const scripts = (await readdir(join(moduleRoot, "scripts"))).filter((name) => name.endsWith(".sh"));
  const others = [".ci/run"];
  const present = await Promise.all(others.map((file) => exists(join(moduleRoot, file))));
  return [...scripts.map((name) => join("scripts", name)), ...others.filter((_, index) => present[index])];
}
