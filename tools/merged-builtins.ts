import type { Plugin } from "esbuild";

const namespace = "builtin";

/**
 * Each of the platform's modules is imported once in a bundle, not once for each of our files that use it.
 *
 * @param plain the bundle without this, not minified
 */
export function mergedBuiltins(plain: string): Plugin {
  const names = new Map<string, Set<string>>();
  for (const [, list = "", from = ""] of plain.matchAll(/^import \{([^}]*)\} from "(node:[^"]+)";$/gm)) {
    const known = names.get(from) ?? new Set<string>();
    for (const each of list.split(",")) known.add(each.trim().split(" as ")[0] ?? "");
    names.set(from, known);
  }
  return {
    name: "merged-builtins",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^node:/ }, ({ path, kind, namespace: importer }) => {
        const isOurs = kind === "import-statement" && importer !== namespace && names.has(path);
        return isOurs ? { path, namespace } : { path, external: true };
      });
      onLoad({ filter: /.*/, namespace }, async ({ path }) => {
        const used = [...(names.get(path) ?? [])];
        // Of functions that no bundle takes in, which esbuild looks at all the same.
        const unused = Object.keys(await import(path)).filter(
          (each) => each !== "default" && !used.includes(each),
        );
        const contents = [
          `export { ${used.join(", ")} } from ${JSON.stringify(path)};`,
          ...unused.map((each) => `export const ${each} = 0;`),
        ];
        return { contents: contents.join("\n") };
      });
    },
  };
}
