import type { SessionUpdate } from "@agentclientprotocol/sdk";
import { expect, test } from "vitest";
import { Approvals } from "../../src/acp/approvals.ts";
import { Dialogue } from "../../src/acp/dialogue.ts";

/** A chat with an Amp that asks for these commands, one after the other, in the turn of its first message. */
function chat(commands: readonly string[], isHeard: boolean) {
  const said: string[] = [];
  const decisions: string[] = [];
  const calls: string[] = [];
  const messages: unknown[] = [];
  const approvals = new Approvals({
    timeoutMs: 0,
    record: (line) => decisions.push(line),
    onChange: () => {},
    onUnanswered: (text) => void dialogue.answered(text),
  });
  const dialogue = new Dialogue({
    approvals,
    deliver: async (update: SessionUpdate) => {
      if ("content" in update && !Array.isArray(update.content) && update.content?.type === "text")
        said.push(update.content.text);
    },
    flush: async () => {},
    run: async (blocks, signal) => {
      messages.push(...blocks);
      for (const cmd of commands) {
        const answer = approvals.ask({ tool: "Bash", input: { cmd } }, signal);
        dialogue.ask();
        await answer;
      }
      return { stopReason: "end_turn" };
    },
    onTaken: () => {},
    callBack: async (text) => {
      calls.push(text);
      return isHeard;
    },
  });
  const tell = async (text: string) => {
    said.length = 0;
    await dialogue.prompt([{ type: "text", text }], new AbortController().signal);
    return said.join("");
  };
  return { approvals, dialogue, tell, decisions, calls, messages };
}

test("a yes to a question that has gone allows no other one that the chat has not shown", async () => {
  const { approvals, tell, decisions } = chat(["git push", "rm -rf build"], false);
  expect(await tell("Go")).toContain("Question 1:** Amp wants to run `git push`");
  approvals.answer(1, "no", "terminal");
  await expect.poll(() => approvals.open.map(({ title }) => title)).toEqual(["rm -rf build"]);
  // Typed to what is still to be read in the chat.
  expect(await tell("yes")).toMatch(
    /^Question 1 is not open\.\n[\s\S]*Question 2:\*\* Amp wants to run `rm -rf build`/,
  );
  expect(decisions).toEqual(["no (terminal): Bash: git push"]);
  await tell("yes");
  expect(decisions.at(-1)).toBe("yes (chat): Bash: rm -rf build");
});

test("words that the chat is called back with are no answer, and no message to Amp", async () => {
  const { approvals, dialogue, tell, decisions, calls, messages } = chat(["git push", "ls"], true);
  await tell("Go");
  approvals.answer(1, "yes", "terminal");
  void dialogue.answered("Answered elsewhere");
  await expect.poll(() => calls).toEqual(["Answered elsewhere"]);
  expect(await tell("Answered elsewhere")).toContain("Question 2:** Amp wants to run `ls`");
  expect(decisions).toEqual(["yes (terminal): Bash: git push"]);
  expect(messages).toHaveLength(1);
});

test("a question that its turn takes along is told to the chat", async () => {
  const { dialogue, tell, decisions, calls } = chat(["git push"], true);
  await tell("Go");
  await dialogue.cancel();
  expect(calls).toEqual(["The turn has ended before an answer to question 1: `git push`"]);
  expect(decisions).toEqual(["no (turn ended): Bash: git push"]);
});
