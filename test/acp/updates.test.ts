import fc from "fast-check";
import { expect, test } from "vitest";
import { historyUpdates } from "../../src/acp/history.ts";
import { Updates } from "../../src/acp/updates.ts";
import { toEvent } from "../../src/amp/events.ts";
import { describeTool } from "../../src/amp/tools.ts";
import { anyEvent } from "../amp/random-events.ts";
import { holds } from "../support/fuzz.ts";

test("whatever Amp says: every call is opened once and ended once, and every word goes out in order", async () => {
  await holds(
    fc.property(fc.array(anyEvent, { maxLength: 12 }), (values) => {
      const updates = new Updates();
      const events = values.map(toEvent);
      const sent = events.flatMap((event) => {
        if (event.type === "assistant") return updates.ofAssistant(event);
        return event.type === "user" ? updates.ofUser(event) : [];
      });
      const all = [...sent, ...updates.closeCalls("failed")];
      const open: string[] = [];
      for (const update of all) {
        if (update.sessionUpdate === "tool_call") open.push(update.toolCallId);
        if (update.sessionUpdate !== "tool_call_update") continue;
        expect(open).toContain(update.toolCallId);
        expect(["completed", "failed"]).toContain(update.status);
      }
      const ended = all.flatMap((each) =>
        each.sessionUpdate === "tool_call_update" ? [each.toolCallId] : [],
      );
      expect(new Set(ended)).toEqual(new Set(open));
      const said = events.flatMap((event) => {
        if (event.type !== "assistant" || (event.parent_tool_use_id ?? undefined) !== undefined) return [];
        return event.message.content.flatMap((block) => (block.type === "text" ? [block.text] : []));
      });
      const told = sent.flatMap((each) =>
        each.sessionUpdate === "agent_message_chunk" && each.content.type === "text"
          ? [each.content.text]
          : [],
      );
      expect(told.join("").replace(/\s/g, "")).toBe(said.join("").replace(/\s/g, ""));
    }),
  );
});

test.each(["constructor", "toString", "__proto__"])("a tool may be called %s", (name) => {
  expect(describeTool(name, { path: "x" })).toMatchObject({ kind: "other" });
});

test("whatever a tool is called and given: its title is one line of at most 120 characters", async () => {
  await holds(
    fc.property(
      fc.oneof(fc.string(), fc.constantFrom("Bash", "edit_file", "apply_patch", "todo_write")),
      fc.jsonValue(),
      (name, input) => {
        const { title } = describeTool(name, input);
        expect(title).not.toMatch(/\n/);
        expect(title.length).toBeLessThanOrEqual(120);
      },
    ),
  );
});

test("whatever a thread's past: no word of it is lost", async () => {
  const line = fc.oneof(fc.string(), fc.constantFrom("## User", "## Assistant", "---", "", "# T"));
  await holds(
    fc.property(fc.array(line), (lines) => {
      const updates = historyUpdates(`## User\n\n${lines.join("\n")}`);
      const told = updates.map((update) =>
        "content" in update && update.content && "text" in update.content ? update.content.text : "",
      );
      const squeezed = (text: string) => text.replace(/^## (User|Assistant)[ \t]*$/gm, "").replace(/\s/g, "");
      expect(squeezed(told.join("\n"))).toBe(squeezed(lines.join("\n")));
    }),
  );
});
