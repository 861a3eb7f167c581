import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { prepareProvider } from "./provider.ts";
import { findTerraform } from "./terraform-binary.ts";

/** The repository, which is the module under test. */
export const moduleRoot = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Terraform's own name for the agent does not matter to the module: any UUID will do. */
export const testAgentId = "0b6a3c1e-5f0d-4a57-9d1e-2f8f3a1c7d42";

/** The ID of a Task whose test gives none. */
export const defaultTaskId = "3f9a6a4e-6f59-4a52-9f65-1a1f9bb1f6d7";

/** What an apply left behind. */
export interface AppliedModule {
  /** Attribute values by address inside the module, for instance `coder_script.start` or `coder_env.x[0]`. */
  resources: Record<string, TerraformResource>;
  /** The module's outputs, `null` where an output is null. */
  outputs: Record<string, unknown>;
  /** The template's `coder_ai_task`, which only a Task has. */
  aiTask?: Record<string, unknown>;
}

export interface TerraformResource {
  type: string;
  name: string;
  mode: "managed" | "data";
  values: Record<string, unknown>;
}

export interface ApplyOptions {
  /** The module's variables; `agent_id` is filled in where missing. */
  variables?: Record<string, unknown>;
  /** Makes the workspace a Coder Task. */
  task?: TaskOptions;
  /** Further environment of Terraform itself, for instance `CODER_WORKSPACE_NAME`. */
  env?: Record<string, string>;
  /** Folder of the module; this repository by default. */
  source?: string;
}

/** A Coder Task, as the provisioner makes one. */
export interface TaskOptions {
  /** A UUID; a fixed one if missing. */
  id?: string;
  prompt: string;
  /**
   * How the template hands it over: `task = data.coder_task.me`, or, as templates of the older module have it,
   * `ai_prompt = data.coder_task.me.prompt` alone.
   */
  through?: "task" | "ai_prompt";
}

/** A plan or apply that Terraform refused; `message` carries its error text, line breaks as a person reads them. */
export class TerraformError extends Error {
  readonly stderr: string;
  /** What was planned until then. */
  readonly stdout: string;
  /** Terraform's error text with wrapped lines joined: made for `toMatch`. */
  readonly text: string;

  constructor(command: string, stdout: string, stderr: string) {
    const text = stderr
      .replace(/^[│╷╵]\s?/gm, "")
      .replace(/\s+/g, " ")
      .trim();
    super(`terraform ${command} failed: ${stderr.trim() || stdout.trim()}`);
    this.name = "TerraformError";
    this.stderr = stderr;
    this.stdout = stdout;
    this.text = text;
  }
}

const applied = new Map<string, Promise<AppliedModule>>();

/**
 * Applies the module from a root module of its own in a temporary folder, with the real coder provider and an
 * environment like the provisioner's. The same input in the same process is applied once.
 *
 * @throws TerraformError where a validation, precondition or the plan fails
 */
export function applyModule(options: ApplyOptions = {}): Promise<AppliedModule> {
  const key = JSON.stringify(options);
  const known = applied.get(key);
  if (known) return known;
  const result = inRootModule(options, async (terraform) => {
    await terraform(["apply", "-auto-approve", "-input=false", "-no-color", "-compact-warnings"]);
    return readState(await terraform(["show", "-json"]));
  });
  applied.set(key, result);
  return result;
}

/**
 * Plans only.
 * @returns Terraform's output, warnings included
 * @throws TerraformError where the plan fails
 */
export function planModule(options: ApplyOptions = {}): Promise<string> {
  return inRootModule(options, (terraform) => terraform(["plan", "-input=false", "-no-color"]));
}

/** Environment in which Terraform finds the prepared provider and nothing of the caller's configuration. */
export async function terraformEnv(extra: Record<string, string> = {}): Promise<Record<string, string>> {
  const provider = await prepareProvider();
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: process.env["HOME"] ?? "/",
    TF_CLI_CONFIG_FILE: provider.cliConfigFile,
    TF_IN_AUTOMATION: "1",
    CHECKPOINT_DISABLE: "1",
    CODER_WORKSPACE_TRANSITION: "start",
    CODER_WORKSPACE_ID: "6f1c2f58-6c1b-4c5e-8d52-3b9d1b1f6a10",
    CODER_WORKSPACE_NAME: "dev",
    CODER_WORKSPACE_OWNER: "alice",
    CODER_WORKSPACE_OWNER_ID: "c2f1a7de-3b7b-4c0f-8f1b-7a1d5a1f0b21",
    CODER_WORKSPACE_ACCESS_URL: "https://coder.example.com",
    ...extra,
  };
}

async function inRootModule<T>(
  options: ApplyOptions,
  work: (terraform: (args: string[]) => Promise<string>) => Promise<T>,
): Promise<T> {
  const [binary, env] = await Promise.all([findTerraform(), terraformEnv(taskEnv(options))]);
  const root = await mkdtemp(join(tmpdir(), "amp-module-tf-"));
  const run = async (args: string[]) => {
    const result = await execa(binary.path, args, {
      cwd: root,
      env,
      extendEnv: false,
      stdin: "ignore",
      reject: false,
      timeout: 60_000,
      stripFinalNewline: false,
    });
    if (result.failed) throw new TerraformError(args[0] ?? "", result.stdout, result.stderr);
    return result.stdout;
  };
  try {
    await writeFile(join(root, "main.tf.json"), JSON.stringify(rootModule(options), null, 2));
    await writeFile(join(root, "terraform.tfvars.json"), JSON.stringify(options.variables ?? {}));
    await run(["init", "-input=false", "-no-color", "-backend=false"]);
    return await work(run);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function taskEnv({ task, env }: ApplyOptions): Record<string, string> {
  if (!task) return { ...env };
  return {
    CODER_TASK_ID: task.id ?? defaultTaskId,
    CODER_TASK_PROMPT: task.prompt,
    ...env,
  };
}

/** Values come from a tfvars file: there nothing is a template, and no error quotes a secret's source line. */
function rootModule({ variables = {}, source = moduleRoot, task }: ApplyOptions): unknown {
  const names = Object.keys(variables);
  const declare = (name: string) => ({ type: "any", sensitive: /api_key|token/.test(name) });
  return {
    terraform: { required_providers: { coder: { source: "coder/coder" } } },
    ...(names.length > 0 && { variable: Object.fromEntries(names.map((name) => [name, declare(name)])) }),
    module: {
      amp: {
        source,
        agent_id: testAgentId,
        ...(task && handedOver(task)),
        ...Object.fromEntries(names.map((name) => [name, `\${var.${name}}`])),
      },
    },
    ...(task && {
      data: { coder_task: { me: {} } },
      resource: { coder_ai_task: { amp: { app_id: `\${module.amp.task_app_id}` } } },
    }),
    output: { amp: { value: `\${module.amp}`, sensitive: true } },
  };
}

function handedOver({ through = "task" }: TaskOptions): Record<string, string> {
  return through === "task"
    ? { task: `\${data.coder_task.me}` }
    : { ai_prompt: `\${data.coder_task.me.prompt}` };
}

interface StateDocument {
  values?: {
    outputs?: { amp?: { value?: Record<string, unknown> } };
    root_module?: {
      resources?: TerraformResource[];
      child_modules?: { address: string; resources?: (TerraformResource & { address: string })[] }[];
    };
  };
}

function readState(json: string): AppliedModule {
  const values = (JSON.parse(json) as StateDocument).values;
  const amp = values?.root_module?.child_modules?.find((child) => child.address === "module.amp");
  const resources: AppliedModule["resources"] = {};
  for (const { address, type, name, mode, values } of amp?.resources ?? []) {
    resources[address.replace(/^module\.amp\./, "")] = { type, name, mode, values };
  }
  const aiTask = values?.root_module?.resources?.find(({ type }) => type === "coder_ai_task")?.values;
  return { resources, outputs: values?.outputs?.amp?.value ?? {}, ...(aiTask && { aiTask }) };
}
