import { expect, test } from "vitest";
import { freePort } from "./free-port.ts";
import { isFirstClaim } from "./run-folder.ts";

test("no two callers of a run get the same port", async () => {
  const ports = await Promise.all(Array.from({ length: 200 }, () => freePort()));
  expect(new Set(ports).size).toBe(200);
  expect(ports.some((port) => isFirstClaim(`port-${port}`))).toBe(false);
});
