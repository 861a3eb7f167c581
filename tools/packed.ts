import { brotliCompressSync, constants } from "node:zlib";

const STATIC_IMPORT = /\bimport(\{[^}]*\}|\*as [\w$]+)from("node:[^"]+");/g;
const DYNAMIC_IMPORT = /\bimport\(("node:[^"]+")\)/g;

/**
 * A minified bundle as the scripts carry it, for `src/loader.ts`: as a function of `require` and the file's URL, whose
 * compiled code Node can keep, compressed by brotli, written in 85 characters that no shell and no template looks into.
 * That is 5 characters for 4 bytes; base64 takes 4 for 3.
 */
export function packed(bundle: string): string {
  const text = `(async(require,here)=>{"use strict";${asBody(bundle)}})`;
  const compressed = brotliCompressSync(text, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    },
  });
  return inBase85(compressed);
}

function asBody(bundle: string): string {
  const body = bundle
    .replace(/^\/\/.*\n/, "")
    .replace(STATIC_IMPORT, (_, names: string, from: string) =>
      names.startsWith("{")
        ? `const${names.replace(/([\w$]+) as /g, "$1:")}=require(${from});`
        : `const ${names.slice("*as ".length)}=require(${from});`,
    )
    .replace(DYNAMIC_IMPORT, "Promise.resolve(require($1))")
    .replaceAll("import.meta.url", "here");
  const left = body.match(/\bimport\W.{0,60}/);
  if (left) throw new Error(`src/loader.ts cannot run what is imported in this way: ${left[0]}`);
  return body;
}

/** Characters from "(" on, without "\" and "`". Zeros at the end fill the last group; brotli ends before them. */
function inBase85(bytes: Buffer): string {
  const whole = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  let text = "";
  for (let at = 0; at < whole.length; at += 4) {
    let word = whole.readUInt32BE(at);
    let group = "";
    for (let place = 0; place < 5; place++) {
      const code = (word % 85) + 40;
      group = String.fromCharCode(code >= 95 ? code + 2 : code >= 92 ? code + 1 : code) + group;
      word = Math.floor(word / 85);
    }
    text += group;
  }
  return text;
}
