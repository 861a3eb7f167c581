import { brotliDecompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf } from "../../src/base/base85.ts";
import { packed } from "../../tools/packed.ts";
import { holds } from "../support/fuzz.ts";

const unpack = (text: string) => brotliDecompressSync(bytesOf(text)).toString();

test("what is packed comes out again, as a function of what it needs", () => {
  const bundle =
    '// Generated.\nimport{join as a,sep}from"node:path";import*as b from"node:os";a(sep,b.EOL);';
  expect(unpack(packed(bundle))).toBe(
    '(async(require,here)=>{"use strict";const{join:a,sep}=require("node:path");const b=require("node:os");a(sep,b.EOL);})',
  );
  expect(unpack(packed('await import("node:tls");import.meta.url;'))).toContain(
    'await Promise.resolve(require("node:tls"));here;',
  );
});

test("the imports of a program that is carried as a text stay as they are", () => {
  const carried = JSON.stringify('import{join}from"node:path";await import("node:os");import.meta.url;');
  for (const text of [carried, `'${JSON.parse(carried)}'`, `\`${JSON.parse(carried)}\``]) {
    const bundle = `import{sep}from"node:path";class A{}import{EOL}from"node:os";const plugin=${text};`;
    expect(unpack(packed(bundle))).toContain(
      `const{sep}=require("node:path");class A{}const{EOL}=require("node:os");const plugin=${text};`,
    );
  }
});

test("any text survives, in characters that no shell and no template looks into", async () => {
  await holds(
    fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
      const safe = text.replaceAll("import", "").replaceAll("//", "").replaceAll("$", "");
      const made = packed(safe);
      expect(made).toMatch(/^[(-[\]-_a-~]+$/);
      expect(unpack(made)).toBe(`(async(require,here)=>{"use strict";${safe}})`);
    }),
  );
});

test("an import that the loader cannot run fails the build", () => {
  expect(() => packed('import{x}from"./other.js";')).toThrow(/cannot run .*import\{x\}/);
  expect(() => packed("import(name)")).toThrow(/cannot run .*import\(name\)/);
});
