import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/** As TypeScript writes an enum: a function that fills it, which esbuild keeps also for one that nobody reads. */
const ENUM = /^((?:export )?)var (\w+);\n\(function \(\2\) \{\n([\s\S]*?)\n\}\)\(\2 \|\| \(\2 = \{\}\)\);$/gm;
/** Tables that a module makes in advance. */
const TABLE = /\bnew Array\((\w+)\)\.fill\(0\)\.map\(/g;

/** Leaves out of a bundle what jsonc-parser makes for callers that we have not: a fifth of it. */
export const pureEnums: Plugin = {
  name: "pure-enums",
  setup({ onLoad }) {
    onLoad({ filter: /jsonc-parser\/lib\/esm\/.*\.js$/ }, async ({ path }) => {
      const contents = (await readFile(path, "utf8"))
        .replace(/\r\n/g, "\n")
        .replace(ENUM, "$1var $2 = /* @__PURE__ */ (($2) => {\n$3\nreturn $2;\n})({});")
        .replace(TABLE, "/* @__PURE__ */ Array.from({ length: $1 }).map(");
      return { contents, loader: "js" };
    });
  },
};
