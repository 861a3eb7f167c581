import { expect, test, vi } from "vitest";
import { FAULTS } from "./fault-table.ts";
import { CANARY, examineIt, healthyWorkspace } from "./subject.ts";

test("the table is as long as it is said to be, each fault once", () => {
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
  expect(FAULTS.length).toBeGreaterThanOrEqual(75);
});

// What they ask each other is answered in this one process, which must not be too busy for it.
vi.setConfig({ maxConcurrency: 3 });

test.concurrent.for(FAULTS)("$name: cause and fix are on a line of its own", async (fault, { expect }) => {
  const workspace = await healthyWorkspace();
  try {
    await fault.force(workspace);
    const { report, of, states, terminal, full, json } = await examineIt(workspace);
    expect(states(fault.check), full).toContain(fault.state);
    const line = of(fault.check);
    expect(line).toMatch(fault.cause);
    if (fault.fix) expect(line).toMatch(fault.fix);
    expect(report.isHealthy).toBe(fault.state !== "wrong" && !report.lastFailure);
    // One fault is told once: nothing else is called wrong for it.
    const wrong = new Set(report.lines.filter(({ state }) => state === "wrong").map(({ name }) => name));
    expect([...wrong]).toEqual(fault.state === "wrong" ? [fault.check] : []);
    const shown = terminal + full + json;
    expect(shown).not.toContain(CANARY);
    expect(terminal.trimEnd().split("\n").length).toBeLessThan(24);
    for (const text of [...terminal.split("\n"), ...full.split("\n")]) {
      // Only what cannot be broken is longer.
      if (text.length > 80) expect(text.trim().split(" ").length).toBeLessThanOrEqual(2);
    }
  } finally {
    workspace.dispose();
  }
});
