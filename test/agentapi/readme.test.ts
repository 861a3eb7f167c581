import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { implementations } from "./contract.ts";
import { startStableServer } from "./server.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const entry = join(root, "src/agentapi/index.ts");

/** The README's usage as a file of its own, which finds the package under its name. */
async function usage(): Promise<{ folder: string; file: string }> {
  const folder = await mkdtemp(join(tmpdir(), "agentapi-readme-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const readme = await readFile(join(root, "src/agentapi/README.md"), "utf8");
  const [, example = ""] = readme.match(/```ts\n([\s\S]*?)```/) ?? [];
  expect(example).toContain("@coder/agentapi-client");
  const file = join(folder, "usage.mts");
  await writeFile(file, example);
  return { folder, file };
}

test("the README's usage has the right types", { timeout: 120_000 }, async () => {
  const { folder, file } = await usage();
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      paths: { "@coder/agentapi-client": [entry] },
      typeRoots: [join(root, "node_modules/@types")],
    },
    files: [file],
    include: [],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  const checked = await execa(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "-p", folder],
    {
      reject: false,
    },
  );
  expect(checked.stdout).toBe("");
  expect(checked.exitCode).toBe(0);
});

test.each(implementations)("the README's usage gets an answer from $name", async ({ binary }) => {
  const { folder, file } = await usage();
  const server = await startStableServer({ binary });
  onTestFinished(server.dispose);
  const outfile = join(folder, "usage.mjs");
  const alias = { "@coder/agentapi-client": entry };
  await build({ entryPoints: [file], outfile, bundle: true, format: "esm", platform: "node", alias });
  const env = { AGENTAPI_URL: `http://127.0.0.1:${server.port}` };
  const { stdout } = await execa(process.execPath, [outfile], { env, timeout: 30_000 });
  expect(stdout).toMatch(/^amp: /);
});
