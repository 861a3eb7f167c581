/** Colours a text for a terminal; elsewhere, with `NO_COLOR` and on a dumb terminal it stays as it is. */
export type Paint = (style: Style, text: string) => string;
export type Style = keyof typeof CODES;

/** ECMA-48; `styleText` of node:util came with Node 20.12. */
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export function painter(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const isColoured = stream.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  return (style, text) => (isColoured ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text);
}
