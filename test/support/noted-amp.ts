import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ampProbeCache, probeAmp } from "../../src/amp/probe.ts";
import { oncePerRun } from "./run-folder.ts";

/**
 * Writes what the module notes of Amp at its first start, as if there had been one: asking it costs two starts of Amp, which
 * is asked once in a run for each that answers otherwise.
 *
 * @param answers tells the Amp of one workspace from that of another: what decides its version and its help
 */
export async function noteAmp(
  path: string,
  moduleDir: string,
  env: Record<string, string>,
  answers: unknown,
): Promise<void> {
  const name = `amp-probe-${Buffer.from(JSON.stringify(answers)).toString("base64url")}`;
  const probe = await oncePerRun(name, () => probeAmp(path, { env }));
  const state = join(moduleDir, "state");
  await mkdir(state, { recursive: true, mode: 0o700 });
  ampProbeCache(join(state, "amp-probe.json")).write({ ...probe, path });
}
