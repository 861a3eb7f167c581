import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { moduleRoot, planModule, TerraformError } from "../support/terraform.ts";

let source = "";
beforeEach(async () => {
  source = await mkdtemp(join(tmpdir(), "amp-module-large-"));
  const names = await readdir(moduleRoot);
  for (const name of names.filter((name) => name.endsWith(".tf") || name === "scripts")) {
    await cp(join(moduleRoot, name), join(source, name), { recursive: true });
  }
});
afterEach(() => rm(source, { recursive: true, force: true }));

test.each([
  ["tools", "amp-tools.br85", {}],
  ["stream agent", "amp-acp.br85", { transport: "stream" }],
])("the script of the %s may be no longer than one argument", async (_, file, more) => {
  const plan = (bytes: number) => {
    return writeFile(join(source, "scripts", file), "x".repeat(bytes)).then(() =>
      planModule({ source, variables: { workdir: "~/project", ...more } }),
    );
  };
  expect(await plan(129_000)).toContain("coder_script.bundle");
  const error = await plan(132_000).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(TerraformError);
  expect((error as TerraformError).text).toMatch(
    new RegExp(`brings ${file.replace(".", "\\.")} has 13\\d{4} bytes, but .* at most 131071`),
  );
});
