import { readPatch } from "./patch.ts";

/** What a tool does; the words are those of the Agent Client Protocol. */
export type ToolKind = "read" | "edit" | "delete" | "search" | "execute" | "think" | "fetch" | "other";

export interface FileChange {
  path: string;
  /** Undefined for a new file, or one that is replaced as a whole. */
  oldText?: string;
  newText: string;
}

export interface TodoItem {
  content: string;
  status: "pending" | "in_progress" | "completed";
  priority: "high" | "medium" | "low";
}

/** A tool call in words and parts that a person can read. */
export interface ToolDescription {
  /** One line, at most 120 characters. */
  title: string;
  kind: ToolKind;
  /** Files that the call names, as the tool gives them. */
  locations: { path: string; line?: number }[];
  changes: FileChange[];
  /** The whole to-do list, if the tool writes it. */
  todos?: TodoItem[];
}

/** Tool, its kind, the verb of its title, and the arguments that say what it works on, in order of preference. */
const TOOLS: Record<string, readonly [ToolKind, string, ...string[]]> = {
  Bash: ["execute", "", "cmd", "command"],
  shell_command: ["execute", "", "command", "cmd"],
  async_shell_command: ["execute", "", "command", "cmd"],
  Read: ["read", "Read", "path", "file_path"],
  look_at: ["read", "Look at", "path"],
  view_media: ["read", "Look at", "path"],
  read_mcp_resource: ["read", "Read", "uri"],
  read_thread: ["read", "Read thread", "threadID", "thread"],
  edit_file: ["edit", "Edit", "path", "file_path"],
  create_file: ["edit", "Write", "path", "file_path"],
  apply_patch: ["edit", "Patch"],
  undo_edit: ["edit", "Undo the last edit of", "path"],
  delete_file: ["delete", "Delete", "path", "file_path"],
  Grep: ["search", "Search for", "pattern"],
  glob: ["search", "Find files", "filePattern", "pattern"],
  Glob: ["search", "Find files", "pattern", "filePattern"],
  finder: ["search", "Find", "query"],
  librarian: ["search", "Ask the librarian", "query"],
  web_search: ["fetch", "Search the web for", "query", "objective"],
  read_web_page: ["fetch", "Fetch", "url"],
  oracle: ["think", "Ask the oracle", "task"],
  Task: ["think", "Subagent", "description"],
  todo_write: ["think", "Update the plan"],
  TodoWrite: ["think", "Update the plan"],
};

/** Describes a call of one of Amp's tools; an unknown tool gets its name and its first short argument. */
export function describeTool(name: string, input: unknown): ToolDescription {
  const args = asObject(input);
  // An MCP server may call its tool "constructor".
  const known = Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined;
  const [kind, verb, ...names] = known ?? (["other", readable(name), ...Object.keys(args)] as const);
  if (name === "apply_patch")
    return describePatch(kind, verb, textOf(args["patchText"]) || textOf(args["patch"]));
  const subject = names.map((key) => textOf(args[key])).find((text) => text !== "") ?? "";
  const path = textOf(args["path"]) || textOf(args["file_path"]);
  const range = Array.isArray(args["read_range"]) ? args["read_range"][0] : undefined;
  const todos = Array.isArray(args["todos"]) ? args["todos"].flatMap(todoOf) : undefined;
  return {
    title: oneLine([verb, subject].filter(Boolean).join(" ") || name),
    kind,
    locations: path === "" ? [] : [{ path, ...(typeof range === "number" && { line: range }) }],
    changes: kind === "edit" && path !== "" ? changeOf(path, args) : [],
    ...(todos && name.toLowerCase().startsWith("todo") && { todos }),
  };
}

/**
 * What a shell command gave, or undefined if it is another tool's result: Amp passes on its output and its exit code as
 * JSON, and calls a command that failed no failed call (seen with 0.0.1790142911).
 */
export function shellResult(content: unknown): { output: string; hasFailed: boolean } | undefined {
  if (typeof content !== "string" || !content.startsWith("{")) return undefined;
  try {
    const { output, exitCode } = asObject(JSON.parse(content));
    if (typeof output !== "string" || typeof exitCode !== "number") return undefined;
    const hasFailed = exitCode !== 0;
    return { output: hasFailed ? `exit code ${exitCode}\n${output}` : output, hasFailed };
  } catch {
    return undefined;
  }
}

function describePatch(kind: ToolKind, verb: string, text: string): ToolDescription {
  const { paths, changes } = readPatch(text);
  return {
    title: oneLine(`${verb} ${paths.join(", ") || "files"}`),
    kind,
    locations: paths.map((path) => ({ path })),
    changes,
  };
}

function changeOf(path: string, args: Record<string, unknown>): FileChange[] {
  const { content, old_str: oldText, new_str: newText } = args;
  if (typeof content === "string") return [{ path, newText: content }];
  if (typeof oldText !== "string" || typeof newText !== "string") return [];
  return [{ path, oldText, newText }];
}

function todoOf(item: unknown): TodoItem[] {
  const { content, status, priority } = asObject(item);
  if (typeof content !== "string") return [];
  const word = String(status).replace("-", "_");
  return [
    {
      content,
      status: word === "in_progress" || word === "completed" ? word : "pending",
      priority: priority === "high" || priority === "low" ? priority : "medium",
    },
  ];
}

/** `mcp__coder__report_task` reads `coder: report_task`. */
function readable(name: string): string {
  return name.replace(/^mcp__(.+?)__/, "$1: ");
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
