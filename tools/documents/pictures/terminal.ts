/** A character of a screen, and how it looks: `bold`, `dim` or a colour, or several with blanks between. */
export interface Cell {
  char: string;
  look: string;
}

const LOOKS: Record<string, string> = {
  "1": "bold",
  "2": "dim",
  "31": "red",
  "32": "green",
  "33": "yellow",
  "36": "cyan",
};
/** A control sequence (ECMA-48), or one character. */
const TOKEN = /\u001b\[([?\d;]*)([A-Za-z])|\u001b[=>]|[\s\S]/gu;

/** What stands on a terminal of so many columns after a program's output: lines of cells, with nothing behind their ends. */
export function screenOf(output: string, columns: number): Cell[][] {
  const lines: Cell[][] = [[]];
  let [row, column, look] = [0, 0, ""];
  for (const [token, parameters = "", command] of output.matchAll(TOKEN)) {
    const count = Number(parameters) || 0;
    const line = lines[row] ?? [];
    lines[row] = line;
    if (command === "m") look = styled(look, parameters);
    else if (command === "G") column = Math.max(0, count - 1);
    else if (command === "A") row = Math.max(0, row - (count || 1));
    else if (command === "J" || command === "K") line.length = Math.min(line.length, column);
    else if (token === "\n") row += 1;
    else if (token === "\r") column = 0;
    else if (command === undefined && !token.startsWith("\u001b")) {
      if (column === columns) [row, column] = [row + 1, 0];
      const target = lines[row] ?? [];
      lines[row] = target;
      while (target.length < column) target.push({ char: " ", look: "" });
      target[column] = { char: token, look };
      column += 1;
    }
  }
  const isBlank = (line: Cell[] = []) => line.every(({ char }) => char === " ");
  const filled = Array.from(lines, (line = []) =>
    line.slice(0, line.findLastIndex(({ char }) => char !== " ") + 1),
  );
  return filled.slice(0, filled.findLastIndex((line) => !isBlank(line)) + 1);
}

/** The lines of a screen as text. */
export function textOf(screen: readonly Cell[][]): string {
  return screen.map((line) => line.map(({ char }) => char).join("")).join("\n");
}

function styled(look: string, parameters: string): string {
  let looks = look.split(" ").filter(Boolean);
  for (const code of (parameters || "0").split(";")) {
    const name = LOOKS[code];
    if (code === "0") looks = [];
    else if (name !== undefined) looks.push(name);
  }
  return [...new Set(looks)].join(" ");
}
