/** One word of a POSIX shell command, whatever is in it, quoted only if it must be. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : inQuotes(word);
}

/** One word in single quotes; fish writes an apostrophe there in its own way. */
export function inQuotes(word: string, shell: "posix" | "fish" = "posix"): string {
  return `'${word.replaceAll("'", shell === "fish" ? "\\'" : `'\\''`)}'`;
}
