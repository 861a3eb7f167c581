/** How the documents name the module. */
export const MODULE_SOURCE = "registry.coder.com/coder-labs/amp/coder";

/** The texts of a document's `tf` blocks. */
export function blocksOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```tf\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? "");
}

/** A block as a folder of its own: the module from `source`, and what a template around it would declare. */
export function asTemplate(block: string, source: string): string {
  const local = block
    .replaceAll(`"${MODULE_SOURCE}"`, JSON.stringify(source))
    // A local source has no version.
    .replace(/^ *version +=.*\n/gm, "");
  return [provider, ...missingIn(local), local].join("\n");
}

const provider = `terraform {
  required_providers {
    coder = { source = "coder/coder" }
  }
}
`;

/** Declarations of what a block refers to and does not declare itself. */
function missingIn(block: string): string[] {
  const uses = (pattern: RegExp) => [...new Set([...block.matchAll(pattern)].map((match) => match[1] ?? ""))];
  const has = (text: string) => block.includes(text);
  return [
    ...(has("coder_agent.main") && !has('resource "coder_agent" "main"')
      ? ['resource "coder_agent" "main" {\n  os   = "linux"\n  arch = "amd64"\n}\n']
      : []),
    ...(has("data.coder_workspace.me") ? ['data "coder_workspace" "me" {}\n'] : []),
    ...uses(/\bvar\.(\w+)/g)
      .filter((name) => !has(`variable "${name}"`))
      .map((name) => `variable "${name}" {\n  type    = string\n  default = "example"\n}\n`),
  ];
}
