import { type Output, type TerraformFile, terraformFiles, type Variable } from "../variables.ts";

const HEADER = `<!-- Generated from the *.tf files by \`npm run generate\`: do not edit. -->

# Variables and outputs

What the module takes and gives. Wrong values are refused by \`terraform plan\`, which names the variable, what was given and what is allowed. How variables go together is shown by the scenarios in the [README](../README.md#scenarios).
`;

/** The text of `docs/variables.md`: every variable under its section of the HCL, the deprecated names, the outputs. */
export function variablesDocument(): string {
  const files = terraformFiles();
  const named = (name: string) => files.filter((file) => file.name === name);
  // The first file has what every template sets.
  const inputs = [
    ...named("variables.tf"),
    ...files.filter(({ name }) => /^variables-.*\.tf$/.test(name)),
  ].flatMap(sectionsOf);
  const deprecated = named("deprecated.tf").flatMap(({ variables }) => variables);
  const outputs = files.flatMap((file) => file.outputs);
  return [
    HEADER,
    ...inputs.map(({ title, variables }) => `## ${title}\n\n${list(variables.map(describeVariable))}`),
    `## Deprecated names\n\nThey still work, and warn.\n\n${list(deprecated.map(describeVariable))}`,
    `## Outputs\n\n${list(outputs.map(describeOutput))}`,
  ].join("\n");
}

/** The variables under the section comments (`# --- Workspace ---`) of a file. */
function sectionsOf({ text, variables }: TerraformFile): { title: string; variables: Variable[] }[] {
  const titles = text.split("\n").flatMap((line, index) => {
    const title = line.match(/^# --- (.+) ---$/)?.[1];
    return title === undefined ? [] : [{ title, line: index + 1 }];
  });
  return titles.map(({ title, line }, index) => {
    const end = titles[index + 1]?.line ?? Number.POSITIVE_INFINITY;
    return { title, variables: variables.filter(({ pos }) => pos.line > line && pos.line < end) };
  });
}

function list(lines: string[]): string {
  return `${lines.join("\n")}\n`;
}

function describeVariable({
  name,
  type = "any",
  description = "",
  default: value,
  required,
}: Variable): string {
  const plainType = type.replace(/\s+/g, " ");
  const fallback = required ? "required" : `default \`${JSON.stringify(value)}\``;
  return `- **\`${name}\`** (\`${plainType}\`, ${fallback}): ${description}`;
}

function describeOutput({ name, description = "" }: Output): string {
  return `- **\`${name}\`**: ${description}`;
}
