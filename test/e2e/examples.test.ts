import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, expect, test } from "vitest";
import { moduleRoot, TerraformError, terraformEnv } from "../support/terraform.ts";
import { findTerraform } from "../support/terraform-binary.ts";

let folder = "";
afterEach(() => rm(folder, { recursive: true, force: true }));

const examples = await readdir(join(moduleRoot, "examples"));

test.each(examples)("examples/%s applies as it stands", async (example) => {
  folder = await mkdtemp(join(tmpdir(), "amp-module-example-"));
  await cp(join(moduleRoot, "examples", example), folder, {
    recursive: true,
    filter: (file) => !/\.terraform|\.tfstate/.test(file),
  });
  const main = join(folder, "main.tf");
  const text = await readFile(main, "utf8");
  const source = /source(\s*)= "\.\.\/\.\."/;
  expect(text).toMatch(source);
  await writeFile(main, text.replace(source, `source$1= ${JSON.stringify(moduleRoot)}`));

  const { path } = await findTerraform();
  const env = await terraformEnv({
    TF_VAR_amp_api_key: "example",
    TF_VAR_sourcegraph_amp_api_key: "example",
    CODER_TASK_ID: "3f9a6a4e-6f59-4a52-9f65-1a1f9bb1f6d7",
    CODER_TASK_PROMPT: "Hello",
  });
  const run = async (...args: string[]) => {
    const options = { cwd: folder, env, extendEnv: false, stdin: "ignore", reject: false } as const;
    const { failed, stdout, stderr } = await execa(path, [...args, "-no-color"], options);
    if (failed) throw new TerraformError(args[0] ?? "", stdout, stderr);
    return stdout;
  };
  await run("init", "-input=false");
  await run("apply", "-auto-approve", "-input=false");
  const stdout = await run("state", "list");
  expect(stdout).toMatch(/^module\.[\w-]+\[0\]\.coder_script\.start$/m);
  expect(stdout).toMatch(/^module\.[\w-]+\[0\]\.coder_env\.amp_api_key\[0\]$/m);
});
