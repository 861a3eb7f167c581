/** Control sequences with their parameters (ECMA-48: CSI, and OSC such as a window's title). */
const SEQUENCES = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b\n]*(?:\u0007|\u001b\\)/g;
/** What else steers a terminal, or turns around what a person reads; line ends and tabs do neither. */
const STEERING = /(?![\n\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;

/** Text of somebody else's, such as a server's, a program's or a model's, as a terminal or a log may show it. */
export function harmless(text: string): string {
  return text.replace(SEQUENCES, "").replace(STEERING, "");
}

/** Text of somebody else's as a part of one line: a space stands for each character that steers or ends a line. */
export function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, " ");
}

/** The same with one space for all white space between words. */
export function squeezed(text: string): string {
  return onOneLine(text).replace(/\s+/g, " ").trim();
}
