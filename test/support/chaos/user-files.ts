import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ParseError, parse } from "jsonc-parser";

/** The person's own settings and instructions: edited while the module works, and to be whole in the end. */
export interface UserFiles {
  editSettings(): void;
  editInstructions(): void;
  moveTo(home: string): void;
  /** What is not as the person left it. */
  broken(): string[];
}

const COMMENT = "// mine, and it stays";

export function createUserFiles(home: string): UserFiles {
  let at = home;
  const keys: string[] = [];
  const lines: string[] = [];
  const settings = () => join(at, ".config/amp/settings.json");
  const instructions = () => join(at, ".config/AGENTS.md");
  const user: UserFiles = {
    editSettings() {
      const key = `mine.${keys.length}`;
      const text = readText(settings()) || `{\n  ${COMMENT}\n}\n`;
      const edited = text.replace("{", `{\n  "${key}": ${keys.length},`);
      if (save(settings(), edited)) keys.push(key);
    },
    editInstructions() {
      const line = `Rule ${lines.length} of mine.`;
      if (save(instructions(), `${line}\n${readText(instructions())}`)) lines.push(line);
    },
    moveTo(folder) {
      at = folder;
    },
    broken() {
      const text = readText(settings());
      const errors: ParseError[] = [];
      const json = parse(text, errors, { allowTrailingComma: true }) as Record<string, unknown> | undefined;
      const rules = readText(instructions()).split("\n");
      return [
        ...(errors.length > 0 ? ["settings.json is no JSON"] : []),
        ...(text.includes(COMMENT) ? [] : ["settings.json has lost the comment"]),
        ...keys.filter((key, value) => json?.[key] !== value).map((key) => `settings.json has lost ${key}`),
        ...lines
          .filter((line) => rules.filter((rule) => rule === line).length !== 1)
          .map((line) => `AGENTS.md does not have once: ${line}`),
      ];
    },
  };
  user.editSettings();
  user.editInstructions();
  return user;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** As an editor saves: another file in its place. @returns whether there was room for it */
function save(file: string, text: string): boolean {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const temporary = `${file}~`;
    writeFileSync(temporary, text);
    renameSync(temporary, file);
    return true;
  } catch {
    return false;
  }
}
