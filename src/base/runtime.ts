/** The JavaScript runtime of this process, with its version and place. */
export function describeRuntime(): string {
  const { bun, deno, node }: Record<string, string | undefined> = process.versions;
  const name = bun ? `Bun ${bun}` : deno ? `deno ${deno}` : `Node ${node}`;
  return `${name} in ${process.execPath}`;
}
