import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import hcl from "@evops/hcl-terraform-parser";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A variable of the module, as its block says. */
export interface Variable {
  name: string;
  type?: string;
  description?: string;
  /** null also for a variable that a template must set. */
  default: unknown;
  required: boolean;
  /** Where its block begins. */
  pos: { line: number };
}

/** An output of the module. */
export interface Output {
  name: string;
  description?: string;
}

/** One of the module's `*.tf` files. */
export interface TerraformFile {
  name: string;
  text: string;
  /** In the order of the file. */
  variables: Variable[];
  outputs: Output[];
}

/** The module's own `*.tf` files, those with variables in the order in which they are told. */
export function terraformFiles(): TerraformFile[] {
  const names = readdirSync(root).filter((name) => name.endsWith(".tf"));
  return names.map((name) => {
    const text = readFileSync(`${root}${name}`, "utf8");
    const parsed = hcl.parse(text) as {
      variables: Record<string, Variable>;
      outputs: Record<string, Output>;
    };
    const variables = Object.values(parsed.variables).sort((a, b) => a.pos.line - b.pos.line);
    return { name, text, variables, outputs: Object.values(parsed.outputs) };
  });
}

/** Every variable of the module, with the file that declares it. */
export function moduleVariables(): (Variable & { file: string })[] {
  return terraformFiles().flatMap(({ name, variables }) =>
    variables.map((variable) => ({ ...variable, file: name })),
  );
}

/** Defaults by the variable's name. */
export function variableDefaults(): Record<string, unknown> {
  return Object.fromEntries(moduleVariables().map((variable) => [variable.name, variable.default]));
}

/** The variables that a command has as options, too. */
const OF_COMMANDS = [
  "amp_version",
  "install_via_npm",
  "amp_installer_url",
  "npm_registry_url",
  "agentapi_version",
  "agentapi_download_url",
  "agentapi_sha256",
  "managed_settings",
];

/** What esbuild and vitest put in the place of `VARIABLE_DEFAULTS`: the defaults that a command has, too. */
export function definedDefaults(): Record<string, unknown> {
  const isCommandsToo = ([name]: [string, unknown]) => OF_COMMANDS.includes(name);
  return Object.fromEntries(Object.entries(variableDefaults()).filter(isCommandsToo));
}
