import type { Report } from "./examine.ts";

/** The report for programs. */
export function toJson({ isHealthy, module, moduleDir, at, lastFailure, lines }: Report): string {
  const checks = lines.map(({ group, name, state, text, fix }) => ({
    group,
    name,
    state,
    text,
    ...(fix ? { fix } : {}),
  }));
  return `${JSON.stringify({ healthy: isHealthy, module, moduleDir, at, lastFailure: lastFailure ?? null, checks }, null, 2)}\n`;
}
