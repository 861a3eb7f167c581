/** Plain lines with check marks for people; colours only on a terminal that wants them. */
export interface Printer {
  step(text: string): void;
  done(text: string): void;
  failed(text: string): void;
  detail(text: string): void;
  /** A message of the conversation: the speaker, then its lines indented. */
  message(speaker: string, text: string): void;
}

export function createPrinter(
  write: (line: string) => void = console.log,
  isColoured = process.stdout.isTTY === true && !process.env["NO_COLOR"],
): Printer {
  const paint = (code: number, text: string) => (isColoured ? `\u001b[${code}m${text}\u001b[0m` : text);
  const indented = (text: string) => text.trimEnd().replace(/^/gm, "    ");
  return {
    step: (text) => write(`${paint(36, "…")} ${text}`),
    done: (text) => write(`${paint(32, "✓")} ${text}`),
    failed: (text) => write(`${paint(31, "✗")} ${text}`),
    detail: (text) => write(paint(2, indented(text))),
    message: (speaker, text) => write(`\n  ${paint(1, speaker)}\n${indented(text)}\n`),
  };
}
