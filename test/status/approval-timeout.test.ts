import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApprovalTimeout } from "../../src/status/approval-timeout.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("what waits for too long is refused, again after the same time, and never twice at once", async () => {
  let end = () => {};
  const refuse = vi.fn(() => new Promise<void>((resolve) => (end = resolve)));
  const timeout = new ApprovalTimeout(60_000, refuse);
  timeout.changed("T-1", "awaiting-approval");
  vi.advanceTimersByTime(59_999);
  // Told again, it waits no longer.
  timeout.changed("T-1", "awaiting-approval");
  expect(refuse).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(refuse).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(refuse).toHaveBeenCalledTimes(1);
  end();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(refuse).toHaveBeenCalledTimes(2);
});

test("an answer in time, and the end of a turn, leave nothing to refuse; another thread's do not count", async () => {
  const refuse = vi.fn(async () => {});
  const timeout = new ApprovalTimeout(60_000, refuse);
  timeout.changed("T-1", "awaiting-approval");
  timeout.changed("T-2", "awaiting-approval");
  timeout.changed("T-1", "running");
  timeout.changed("T-2", "idle");
  await vi.advanceTimersByTimeAsync(600_000);
  expect(refuse).not.toHaveBeenCalled();
  timeout.changed("T-1", "awaiting-approval");
  timeout.changed("T-2", "running");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(refuse).toHaveBeenCalledTimes(1);
});

test("without a limit it waits", () => {
  const refuse = vi.fn(async () => {});
  new ApprovalTimeout(0, refuse).changed("T-1", "awaiting-approval");
  vi.advanceTimersByTime(2 ** 30);
  expect(refuse).not.toHaveBeenCalled();
});
