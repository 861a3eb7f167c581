/**
 * Breaks a text between words, never within one: a path or an address that is longer than a line has one of its own.
 *
 * @param first what the first line begins with
 * @param indent what each further line begins with
 */
export function wrap(text: string, width: number, first = "", indent = ""): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  // An assignment that people copy stays in one piece.
  const words = text.replaceAll(" = ", "\u00a0=\u00a0").split(/[ \n\t]+/);
  for (const word of words.filter(Boolean).map((each) => each.replaceAll("\u00a0", " "))) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent;
      isEmpty = true;
    }
    line += (isEmpty ? "" : " ") + word;
    isEmpty = false;
  }
  return [...lines, line];
}
