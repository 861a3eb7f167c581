import { expect, test } from "vitest";
import { Threads } from "../../src/status/threads.ts";
import { toolWords } from "../../src/status/words.ts";

const threads = () => new Threads((id) => `https://amp.example/${id}`);
const words = (all: Threads) => `${all.status()?.state}: ${all.status()?.message}`;
const npmTest = toolWords("Bash", { cmd: "npm test" });

test("without a thread there is nothing to say", () => {
  expect(threads().status()).toBeUndefined();
});

test("the thread's state alone tells of a turn", () => {
  const all = threads();
  all.opened("T-1");
  expect(words(all)).toBe("idle: Ready for a message");
  all.changed("T-1", "running");
  expect(words(all)).toBe("working: Working on a message");
  all.changed("T-1", "idle");
  expect(words(all)).toBe("idle: Done: waiting for a message");
  all.changed("T-1", "error");
  expect(words(all)).toBe("failure: Amp stopped with an error");
});

test("the reason of an end outlives the state that comes behind it", () => {
  const all = threads();
  all.turnBegan("T-1");
  all.turnEnded("T-1", "cancelled");
  all.changed("T-1", "idle");
  expect(words(all)).toBe("idle: Cancelled: waiting for a message");
  all.turnBegan("T-1");
  all.turnEnded("T-1", "error", "Out of Credits");
  all.changed("T-1", "error");
  all.changed("T-1", "idle");
  expect(words(all)).toBe("failure: Out of Credits");
});

test("a thread that is opened again keeps what is known of it", () => {
  const all = threads();
  all.turnBegan("T-1");
  all.opened("T-1");
  expect(words(all)).toBe("working: Working on a message");
});

test("what is allowed is what Amp works on next; a question stays one until it is answered", () => {
  const all = threads();
  all.toolCalled("T-1", npmTest);
  all.changed("T-1", "awaiting-approval");
  expect(words(all)).toBe("idle: Waiting for your approval: npm test");
  all.changed("T-1", "running");
  expect(words(all)).toBe("working: Running `npm test`");
  all.toolCalled("T-1", toolWords("ask_user_choice", {}));
  all.changed("T-1", "running");
  all.changed("T-1", "awaiting-approval");
  expect(words(all)).toBe("idle: Waiting for your answer to a question");
  all.toolCalled("T-1", npmTest);
  expect(words(all)).toBe("working: Running `npm test`");
});

test("of several threads the one that waits for a person comes first, then those at work, then the last", () => {
  const all = threads();
  all.opened("T-1");
  all.toolCalled("T-2", npmTest);
  all.opened("T-3");
  expect(all.status()).toEqual({
    state: "working",
    message: "Running `npm test`",
    uri: "https://amp.example/T-2",
  });
  all.turnBegan("T-1");
  expect(words(all)).toBe("working: 2 threads at work: Working on a message");
  all.asked("T-2");
  expect(all.status()?.uri).toBe("https://amp.example/T-2");
  all.turnEnded("T-2", "done");
  all.turnEnded("T-1", "done");
  expect(all.status()?.uri).toBe("https://amp.example/T-1");
});
