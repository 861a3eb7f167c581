import { brotliCompressSync, constants } from "node:zlib";
import ts from "typescript";

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

/** Told from its syntax: a program may carry another one as a text, whose imports are to stay as they are. */
function asBody(bundle: string): string {
  const program = bundle.replace(/^\/\/.*\n/, "");
  const source = ts.createSourceFile("bundle.mjs", program, ts.ScriptTarget.ESNext, true);
  const edits: { node: ts.Node; text: string }[] = [];
  const visit = (node: ts.Node): void => {
    const text = asRequired(node);
    if (text !== undefined) edits.push({ node, text });
    else ts.forEachChild(node, visit);
  };
  visit(source);
  return edits.reduceRight(
    (body, { node, text }) => body.slice(0, node.getStart()) + text + body.slice(node.getEnd()),
    program,
  );
}

/** What only a module may say, in the words of a function of `require` and `here`; undefined for everything else. */
function asRequired(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isMetaProperty(node.expression)) return "here";
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return `Promise.resolve(${required(node, node.arguments[0])})`;
  }
  if (!ts.isImportDeclaration(node)) return undefined;
  const names = node.importClause?.namedBindings;
  const value = required(node, node.moduleSpecifier);
  if (!names) return `${value};`;
  return ts.isNamespaceImport(names)
    ? `const ${names.name.text}=${value};`
    : `const${names.getText().replace(/([\w$]+) as /g, "$1:")}=${value};`;
}

function required(node: ts.Node, from: ts.Expression | undefined): string {
  if (from && ts.isStringLiteral(from) && from.text.startsWith("node:")) return `require(${from.getText()})`;
  throw new Error(`src/loader.ts cannot run what is imported in this way: ${node.getText().slice(0, 60)}`);
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
