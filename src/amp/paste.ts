/** A text as a terminal tells of one that is pasted: nothing in it is taken for a key. */
export function pasted(text: string): string {
  return `\u001b[200~${withoutPasteEnd(text)}\u001b[201~`;
}

/** An end-of-paste sequence in a text would turn what follows into keystrokes. Removing one can form another. */
export function withoutPasteEnd(text: string): string {
  const shorter = text.replace(/(?:\u001b\[|\u009b)201~/g, "");
  return shorter === text ? text : withoutPasteEnd(shorter);
}
