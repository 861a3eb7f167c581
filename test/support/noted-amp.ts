import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type AmpProbe, ampProbeCache, probeAmp } from "../../src/amp/probe.ts";
import { findRealAmp, whyNoRealAmp } from "./amp.ts";
import { oncePerRun } from "./run-folder.ts";

/** What the real Amp can do, asked once in a run: its version and its help cost a start of Amp each. */
export async function realAmpProbe(): Promise<AmpProbe> {
  const real = await findRealAmp();
  if (!real) throw new Error(`the real Amp cannot be had: ${whyNoRealAmp()}`);
  return oncePerRun("amp-probe-real", () => probeAmp(real.path));
}

/** The same of the stand-in at `path`. */
export function standInProbe(path: string, env: Record<string, string>, answers: unknown): Promise<AmpProbe> {
  const name = `amp-probe-${Buffer.from(JSON.stringify(answers)).toString("base64url")}`;
  return oncePerRun(name, () => probeAmp(path, { env }));
}

/** Writes what the module notes of Amp at its first start, as if there had been one. */
export async function noteAmp(probe: AmpProbe, path: string, moduleDir: string): Promise<void> {
  const state = join(moduleDir, "state");
  await mkdir(state, { recursive: true, mode: 0o700 });
  ampProbeCache(join(state, "amp-probe.json")).write({ ...probe, path });
}
