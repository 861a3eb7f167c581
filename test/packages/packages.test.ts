import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transform } from "esbuild";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { implementations } from "../agentapi/contract.ts";
import { startStableServer } from "../agentapi/server.ts";
import { findRealAmp } from "../support/amp.ts";
import { findNode, findRuntime } from "../support/runtimes.ts";
import { SCRIPTED_AMP } from "../support/scripted-amp.ts";
import { moduleRoot } from "../support/terraform.ts";
import { examplesOf, installPackages } from "./installed.ts";

let folder = "";
beforeAll(async () => {
  folder = await installPackages();
  const names = {
    amp: await examplesOf(folder, "amp-client"),
    agentapi: await examplesOf(folder, "agentapi-client"),
  };
  for (const [name, examples] of Object.entries(names)) {
    for (const [index, code] of examples.entries()) {
      const path = join(folder, `${name}-${index}`);
      await writeFile(`${path}.ts`, code);
      await writeFile(`${path}.mjs`, (await transform(code, { loader: "ts", format: "esm" })).code);
    }
  }
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("what is packed: the entry, its types, README and licences, and nothing of the module around it", async () => {
  const inside = (name: string) => readdir(join(folder, "node_modules/@coder", name), { recursive: true });
  const amp = await inside("amp-client");
  expect(amp).toEqual(
    expect.arrayContaining(["LICENSE", "README.md", "dist/index.js", "dist/types/amp/index.d.ts"]),
  );
  expect(amp.filter((name) => /\.ts$/.test(name) && !/\.d\.ts$/.test(name))).toEqual([]);
  expect(amp.filter((name) => !/^(LICENSE|README\.md|package\.json|dist(\/.*)?)$/.test(name))).toEqual([]);
  expect(await inside("agentapi-client")).toContain("dist/types/agentapi/index.d.ts");
});

test("the examples have the right types for who installs the packages", { timeout: 240_000 }, async () => {
  const examples = (await readdir(folder)).filter((name) => name.endsWith(".ts"));
  expect(examples.length).toBeGreaterThanOrEqual(5);
  const wrong =
    'import type { AmpEvent } from "@coder/amp-client";\ndeclare const event: AmpEvent;\nconsole.log(event.message);\n';
  await writeFile(join(folder, "wrong.ts"), wrong);
  const compilerOptions = {
    target: "ES2022",
    module: "NodeNext",
    strict: true,
    noEmit: true,
    lib: ["ES2023", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
    types: ["node"],
    typeRoots: [join(moduleRoot, "node_modules/@types")],
  };
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: [...examples, "wrong.ts"] }),
  );
  const tsc = [join(moduleRoot, "node_modules/typescript/bin/tsc"), "-p", folder];
  const { stdout } = await execa(process.execPath, tsc, { reject: false });
  // The one that is wrong shows that types are looked at.
  expect(
    stdout
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith(" ")),
  ).toEqual([expect.stringMatching(/^.*wrong\.ts\(3,19\): error TS2339: Property 'message' does not exist/)]);
});

/** Runs one of the examples on a runtime, in a home of its own. */
async function runOn(runtime: string, name: string, env: Record<string, string>): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "amp-module-example-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const isNode = runtime === "node";
  const program = isNode ? await findNode(20) : await findRuntime(runtime as "bun" | "deno");
  const args = runtime === "deno" ? ["run", "--allow-all"] : [];
  // The others take TypeScript as it is.
  const file = join(folder, `${name}.${isNode ? "mjs" : "ts"}`);
  const { stdout } = await execa(program, [...args, file], {
    cwd: folder,
    env: { HOME: home, XDG_CONFIG_HOME: "", NO_COLOR: "1", ...env },
    timeout: 120_000,
  });
  return stdout;
}

describe.each(["node", "bun", "deno"])("on %s", { timeout: 240_000 }, (runtime) => {
  test("run and execute, with the scripted Amp", async () => {
    const env = { AMP_CLI_PATH: SCRIPTED_AMP };
    expect(await runOn(runtime, "amp-0", env)).toBe("You said: What is in this folder?\ntrue");
    expect(await runOn(runtime, "amp-1", env)).toBe("YOU SAID: NOW FIX THE TESTS\nsuccess");
  });

  test("a conversation on one process, with the scripted Amp", async () => {
    const env = { AMP_CLI_PATH: SCRIPTED_AMP };
    expect(await runOn(runtime, "amp-2", env)).toBe("true You said: And what is missing?");
  });

  test("Amp's commands, with the real Amp", async ({ skip }) => {
    const real = await findRealAmp();
    if (!real) return skip("no real Amp");
    const env = {
      AMP_CLI_PATH: real.path,
      AMP_API_KEY: "sgamp_user_test-key",
      AMP_URL: "http://127.0.0.1:9/",
    };
    expect(await runOn(runtime, "amp-3", env)).toBe('Bash {"cmd":"rm *"}\nreject\ndocs');
  });

  test("the client of AgentAPI", async () => {
    const [{ binary } = { binary: "" }] = implementations;
    const server = await startStableServer({ binary });
    onTestFinished(server.dispose);
    const env = { AGENTAPI_URL: `http://127.0.0.1:${server.port}` };
    expect(await runOn(runtime, "agentapi-0", env)).toMatch(/^amp: /);
  });
});

test("each package names the dependencies and the version of the module", async () => {
  const read = async (path: string) => JSON.parse(await readFile(join(moduleRoot, path), "utf8"));
  const module = await read("package.json");
  for (const name of await readdir(join(moduleRoot, "packages"))) {
    const { version, dependencies } = await read(join("packages", name, "package.json"));
    expect(version).toBe(module.version);
    expect(module.dependencies).toMatchObject(dependencies);
  }
});
