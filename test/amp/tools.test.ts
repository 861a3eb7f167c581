import { expect, test } from "vitest";
import { describeTool } from "../../src/amp/tools.ts";

test.each([
  ["Bash", { cmd: "npm test\n  && echo done" }, "execute", "npm test && echo done"],
  ["Read", { path: "/a/b.ts", read_range: [10, 20] }, "read", "Read /a/b.ts"],
  ["edit_file", { path: "/a", old_str: "x", new_str: "y" }, "edit", "Edit /a"],
  ["create_file", { path: "/a", content: "z" }, "edit", "Write /a"],
  ["Grep", { pattern: "TODO", path: "/src" }, "search", "Search for TODO"],
  ["web_search", { objective: "find it" }, "fetch", "Search the web for find it"],
  ["Task", { description: "Look around", prompt: "long" }, "think", "Subagent Look around"],
  ["mcp__coder__coder_report_task", { summary: "half" }, "other", "coder: coder_report_task half"],
  ["unheard_of", {}, "other", "unheard_of"],
  ["apply_patch", { patchText: "no patch" }, "edit", "Patch files"],
  ["apply_patch", null, "edit", "Patch files"],
  ["Bash", null, "execute", "Bash"],
  ["Bash", { cmd: "x".repeat(500) }, "execute", `${"x".repeat(119)}…`],
])("%s %j is %s: %s", (name, input, kind, title) => {
  expect(describeTool(name, input)).toMatchObject({ kind, title });
});

test("files, changes and the plan", () => {
  expect(describeTool("Read", { path: "/a", read_range: [10, 20] }).locations).toEqual([
    { path: "/a", line: 10 },
  ]);
  expect(describeTool("edit_file", { path: "/a", old_str: "x", new_str: "y" }).changes).toEqual([
    { path: "/a", oldText: "x", newText: "y" },
  ]);
  expect(describeTool("create_file", { path: "/a", content: "z" }).changes).toEqual([
    { path: "/a", newText: "z" },
  ]);
  expect(
    describeTool("todo_write", {
      todos: [{ content: "a", status: "in-progress" }, { content: "b", status: "todo", priority: "low" }, 7],
    }).todos,
  ).toEqual([
    { content: "a", status: "in_progress", priority: "medium" },
    { content: "b", status: "pending", priority: "low" },
  ]);
});

test("a patch shows its files and what it does to them", () => {
  const patchText = [
    "*** Begin Patch",
    "*** Add File: src/new.ts",
    "+export const a = 1;",
    "+",
    "*** Update File: src/old.ts",
    "*** Move to: src/moved.ts",
    "@@ class A",
    " kept",
    "-before",
    "+after",
    "*** End of File",
    "*** Delete File: src/gone.ts",
    "*** End Patch",
  ];

  for (const lineEnd of ["\n", "\r\n"]) {
    expect(describeTool("apply_patch", { patchText: patchText.join(lineEnd) })).toEqual({
      title: "Patch src/new.ts, src/old.ts, src/moved.ts, src/gone.ts",
      kind: "edit",
      locations: ["src/new.ts", "src/old.ts", "src/moved.ts", "src/gone.ts"].map((path) => ({ path })),
      changes: [
        { path: "src/new.ts", newText: "export const a = 1;\n\n" },
        { path: "src/old.ts", oldText: "kept\nbefore\n", newText: "kept\nafter\n" },
      ],
    });
  }
});
