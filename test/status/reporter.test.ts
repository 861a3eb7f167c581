import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Reporter } from "../../src/status/reporter.ts";
import type { Status } from "../../src/status/status.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const status = (message: string): Status => ({ state: "working", message, uri: "" });

function setUp(takesMs = 0) {
  const sent: { message: string; at: number }[] = [];
  const reporter = new Reporter(async ({ message }, signal) => {
    sent.push({ message, at: performance.now() });
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve());
      setTimeout(resolve, takesMs);
    });
  });
  return { reporter, sent, messages: () => sent.map(({ message }) => message) };
}

test("what comes together is one report, the last one", async () => {
  const { reporter, messages } = setUp();
  for (const word of ["a", "b", "c"]) reporter.report(status(word));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(messages()).toEqual(["c"]);
});

test("at most one report in two seconds, and the last one always", async () => {
  const { reporter, sent, messages } = setUp();
  for (let count = 0; count < 100; count++) {
    reporter.report(status(`${count}`));
    await vi.advanceTimersByTimeAsync(70);
  }
  await vi.advanceTimersByTimeAsync(5_000);
  const gaps = sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2_000);
  expect(messages().at(-1)).toBe("99");
  expect(messages().length).toBeLessThanOrEqual(5);
});

test("the same again is no report", async () => {
  const { reporter, messages } = setUp();
  reporter.report(status("a"));
  await vi.advanceTimersByTimeAsync(3_000);
  reporter.report(status("a"));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(messages()).toEqual(["a"]);
});

test("a slow Coder gets one report after the other, never two at once", async () => {
  const { reporter, messages } = setUp(10_000);
  reporter.report(status("a"));
  await vi.advanceTimersByTimeAsync(200);
  reporter.report(status("b"));
  reporter.report(status("c"));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(messages()).toEqual(["a"]);
  await vi.advanceTimersByTimeAsync(8_000);
  expect(messages()).toEqual(["a", "c"]);
});

test("the end sends what is still to be said, and takes no longer than it may", async () => {
  const { reporter, messages } = setUp(60_000);
  reporter.report(status("a"));
  const end = reporter.finish(3_000);
  await vi.advanceTimersByTimeAsync(3_100);
  await end;
  expect(messages()).toEqual(["a"]);
  reporter.report(status("late"));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(messages()).toEqual(["a"]);
});

test("an end with nothing to say takes no time", async () => {
  const { reporter } = setUp();
  await reporter.finish(3_000);
  expect(vi.getTimerCount()).toBe(0);
});

test("an end that is done leaves no timer, which would keep the process to its deadline", async () => {
  const { reporter, messages } = setUp(50);
  reporter.report(status("a"));
  const end = reporter.finish(3_000);
  await vi.advanceTimersByTimeAsync(500);
  await end;
  expect(messages()).toEqual(["a"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("with nobody to report to nothing is done", async () => {
  const reporter = new Reporter(undefined);
  reporter.report(status("a"));
  expect(reporter.hasReported).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
  await reporter.finish(3_000);
});
