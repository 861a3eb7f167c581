import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { payloadText, withPayload } from "../support/payload.ts";
import { moduleRoot, TerraformError, type TerraformResource, terraformEnv } from "../support/terraform.ts";
import { findTerraform } from "../support/terraform-binary.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

const PROMPT = "List what is open in TODO.md";
const names = await readdir(join(moduleRoot, "examples"));
const readExample = (path: string) => readFile(join(moduleRoot, "examples", path), "utf8");
const applied = new Map<string, Promise<Resources>>();
let workspace: Workspace | undefined;
const folder = await mkdtemp(join(tmpdir(), "amp-module-examples-"));
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  await workspace?.dispose();
  workspace = undefined;
});

test.each(names)("examples/%s applies as it stands, but for its container", async (example) => {
  const resources = await applyExample(example);
  expect(resources.get("coder_script.start")).toBeDefined();
  expect(resources.get("coder_env.amp_api_key[0]")?.["value"]).toBe("example");
});

test.each([
  "tasks-docker",
  "workspace-docker",
  "prebaked-image",
])("what examples/%s starts answers", async (example) => {
  const resources = await applyExample(example);
  const script = String(resources.get("coder_script.start")?.["script"]);
  workspace = await createWorkspace();
  // The template's own folder and port are this machine's.
  const { port, scripts } = workspace;
  scripts.start = withPayload(script, {
    ...JSON.parse(payloadText(script)),
    ...{ workdir: "~/project", agentapi_port: port },
  });
  const { exitCode, stderr } = await workspace.start();
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(await workspace.client.status()).toMatchObject({ agent_type: "amp" });
  const texts = (await workspace.prompts()).map(({ text }) => text);
  expect(texts.join("\n")).toContain(example === "tasks-docker" ? PROMPT : "");
  expect(texts).toHaveLength(example === "tasks-docker" ? 1 : 0);
});

test("examples/air-gapped fetches from its mirrors only, with its own CA", async () => {
  const resources = await applyExample("air-gapped");
  const payload = JSON.parse(payloadText(String(resources.get("coder_script.start")?.["script"])));
  expect(payload).toMatchObject({
    install_via_npm: true,
    npm_registry_url: "https://npm.example.com",
    agentapi_download_url: "https://mirror.example.com/agentapi/releases",
  });
  expect(resources.get("coder_env.amp_url[0]")?.["value"]).toBe("https://amp.example.com");
  const ca = resources.get("coder_env.ca");
  expect(ca?.["name"]).toBe("SSL_CERT_FILE");
  expect(await readExample("air-gapped/main.tf")).toContain(`container_path = "${ca?.["value"]}"`);
});

test("the prebaked image's Dockerfile gives options that `prebake` takes, and copies what is there", async () => {
  const dockerfile = await readExample("prebaked-image/Dockerfile");
  const [, copied = "", options = ""] =
    dockerfile.match(/^COPY (scripts\/\S+) \/tmp\/\nRUN node \/tmp\/\S+ prebake (.*)$/m) ?? [];
  const { stdout: help } = await execa("node", [join(moduleRoot, copied), "prebake", "--help"]);
  for (const [option] of options.matchAll(/--[\w-]+/g)) expect(help).toContain(`  ${option} `);
  expect(dockerfile).toContain("COPY --from=amp /opt/amp-module /opt/amp-module");
});

describe("a template that people copy", () => {
  const whole = names.filter((name) => !name.startsWith("migrate-"));
  test.each(whole)("examples/%s names this release, and has a README and a container", async (example) => {
    const { version } = JSON.parse(await readFile(join(moduleRoot, "package.json"), "utf8")) as {
      version: string;
    };
    const main = await readExample(`${example}/main.tf`);
    expect(main).toContain(`source = "registry.coder.com/coder-labs/amp/coder", version = "${version}"`);
    expect(main).toMatch(/^resource "docker_container" "workspace"/m);
    expect(await readExample(`${example}/README.md`)).toContain("(main.tf)");
  });
});

/** The module's resources by address. */
type Resources = Map<string, TerraformResource["values"]>;

/** Applies an example with the coder provider alone, once: what is Docker's is left out, and the module is this repository's. */
function applyExample(example: string): Promise<Resources> {
  const known = applied.get(example) ?? apply(example);
  applied.set(example, known);
  return known;
}

async function apply(example: string): Promise<Resources> {
  const cwd = join(folder, example);
  await mkdir(cwd);
  const text = withoutDocker(await readExample(`${example}/main.tf`));
  expect(text).not.toMatch(/docker_|"docker"/);
  const source = /source(\s*)= "\.\.\/\.\."/;
  expect(text).toMatch(source);
  await writeFile(join(cwd, "main.tf"), text.replace(source, `source$1= ${JSON.stringify(moduleRoot)}`));

  const { path } = await findTerraform();
  const env = await terraformEnv({
    TF_VAR_amp_api_key: "example",
    TF_VAR_sourcegraph_amp_api_key: "example",
    CODER_TASK_ID: "3f9a6a4e-6f59-4a52-9f65-1a1f9bb1f6d7",
    CODER_TASK_PROMPT: PROMPT,
  });
  const run = async (...args: string[]) => {
    const options = { cwd, env, extendEnv: false, stdin: "ignore", reject: false } as const;
    const { failed, stdout, stderr } = await execa(path, args, options);
    if (failed) throw new TerraformError(args[0] ?? "", stdout, stderr);
    return stdout;
  };
  await run("init", "-input=false", "-no-color");
  await run("apply", "-auto-approve", "-input=false", "-no-color");
  const { values } = JSON.parse(await run("show", "-json")) as {
    values: { root_module: Child & { child_modules: Child[] } };
  };
  const all = [values.root_module, ...values.root_module.child_modules].flatMap(({ resources }) => resources);
  return new Map(all.map(({ address, values }) => [address.replace(/^module\.[\w-]+\[0\]\./, ""), values]));
}

interface Child {
  resources: (TerraformResource & { address: string })[];
}

/** Docker's provider and a daemon are not at hand everywhere. */
function withoutDocker(template: string): string {
  return template
    .replace(/^(resource "docker_\w+" "\w+"|provider "docker") \{(\}|\n[\s\S]*?\n\})\n/gm, "")
    .replace(/^ {4}docker = \{\n[\s\S]*?\n {4}\}\n/m, "");
}
