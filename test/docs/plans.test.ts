import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, expect, test } from "vitest";
import { moduleRoot, TerraformError, terraformEnv } from "../support/terraform.ts";
import { findTerraform } from "../support/terraform-binary.ts";
import { asTemplate, blocksOf } from "./terraform-blocks.ts";

const folder = await mkdtemp(join(tmpdir(), "amp-module-docs-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

test("every tf block of the documents plans as it stands", { timeout: 300_000 }, async () => {
  const documents = ["README.md", ...(await readdir(join(moduleRoot, "docs"))).map((name) => `docs/${name}`)];
  const texts = await Promise.all(
    documents.filter((name) => name.endsWith(".md")).map((name) => readFile(join(moduleRoot, name), "utf8")),
  );
  const blocks = texts.flatMap(blocksOf);
  expect(blocks.length).toBeGreaterThan(15);
  // One plan of all: each block is a child module.
  await Promise.all(
    blocks.map(async (block, index) => {
      await mkdir(join(folder, `block-${index}`), { recursive: true });
      await writeFile(join(folder, `block-${index}`, "main.tf"), asTemplate(block, moduleRoot));
    }),
  );
  const calls = blocks.map((_, index) => `module "block-${index}" {\n  source = "./block-${index}"\n}\n`);
  await writeFile(join(folder, "main.tf"), calls.join("\n"));

  const plan = await terraform("plan");
  for (const index of blocks.keys())
    expect(plan).toMatch(new RegExp(`module\\.block-${index}\\.module\\.[\\w-]+.*coder_script\\.start`));
});

async function terraform(command: string): Promise<string> {
  const { path } = await findTerraform();
  const env = await terraformEnv({
    CODER_TASK_ID: "3f9a6a4e-6f59-4a52-9f65-1a1f9bb1f6d7",
    CODER_TASK_PROMPT: "Hello",
  });
  const options = { cwd: folder, env, extendEnv: false, stdin: "ignore", reject: false } as const;
  const init = await execa(path, ["init", "-input=false", "-no-color"], options);
  if (init.failed) throw new TerraformError("init", init.stdout, init.stderr);
  const { failed, stdout, stderr } = await execa(path, [command, "-input=false", "-no-color"], options);
  if (failed) throw new TerraformError(command, stdout, stderr);
  return stdout;
}
