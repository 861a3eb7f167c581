import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A variable of the module, as its block says. */
export interface Variable {
  name: string;
  /** The file that has the block. */
  file: string;
  /** undefined for a variable that a template must set. */
  default?: unknown;
}

/** Every variable of the module. Defaults are read as JSON, which all of them are. */
export function moduleVariables(): Variable[] {
  return readdirSync(root)
    .filter((file) => file.endsWith(".tf"))
    .flatMap((file) =>
      [...readFileSync(`${root}${file}`, "utf8").matchAll(/^variable "(\w+)" \{\n(.*?)^\}/gms)].map(
        ([, name = "", block = ""]) => {
          const [, text] = block.match(/^ {2}default +=(.+)$/m) ?? [];
          return { name, file, ...(text !== undefined && { default: JSON.parse(text) }) };
        },
      ),
    );
}

/** Defaults by the variable's name. */
export function variableDefaults(): Record<string, unknown> {
  return Object.fromEntries(moduleVariables().map((variable) => [variable.name, variable.default]));
}

/** What esbuild and vitest put in the place of `VARIABLE_DEFAULTS`: the defaults that a command has, too. */
export function definedDefaults(): Record<string, unknown> {
  const { amp_installer_url, agentapi_version, agentapi_download_url } = variableDefaults();
  return { amp_installer_url, agentapi_version, agentapi_download_url };
}
