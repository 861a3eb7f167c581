import { findAgentApi } from "./agentapi.ts";
import { findRealAmp, whyNoRealAmp } from "./amp.ts";
import { prepareProvider } from "./provider.ts";
import { findRuntime, runtimeNames } from "./runtimes.ts";
import { availableShells, shellNames } from "./shells.ts";
import { findTerraform } from "./terraform-binary.ts";

/** One part of the world that the tests run against. */
export interface Part {
  name: string;
  /** True for the program itself, false for a stand-in or where it is missing. */
  isReal: boolean;
  /** Version and origin, or what takes its place and why. */
  detail: string;
}

/**
 * Finds or installs parts, one after the other, and says which are real. Never rejects.
 *
 * @param only names of the parts to prepare; all unless given
 */
export async function prepareParts(only?: readonly string[]): Promise<Part[]> {
  const parts: Part[] = [];
  const isWanted = (name: string) => only === undefined || only.includes(name);
  const look = async (name: string, find: () => Promise<{ isReal: boolean; detail: string }>) => {
    if (!isWanted(name)) return;
    const part = await find().catch((error: Error) => ({
      isReal: false,
      detail: `missing: ${error.message}`,
    }));
    parts.push({ name, ...part });
  };
  await look("terraform", async () => {
    const { flavour, version, origin } = await findTerraform();
    return { isReal: true, detail: `${flavour} ${version} (${origin})` };
  });
  await look("coder provider", async () => {
    const { version, origin } = await prepareProvider();
    return { isReal: true, detail: `${version} (${origin})` };
  });
  await look("agentapi", async () => {
    const { real, version, origin } = await findAgentApi();
    return { isReal: real, detail: real ? `${version} (${origin})` : "stand-in: no agentapi on PATH" };
  });
  await look("amp", async () => {
    const amp = await findRealAmp();
    if (!amp) return { isReal: false, detail: `stand-in only: ${whyNoRealAmp()}` };
    return {
      isReal: true,
      detail: `${amp.version} (npm), its conversations with a loopback server; stand-in where no screen is looked at`,
    };
  });
  for (const name of runtimeNames) {
    await look(name, async () => ({
      isReal: true,
      detail: (await findRuntime(name)).split("/node_modules/")[1] ?? "",
    }));
  }
  const shells = await availableShells();
  for (const name of shellNames.filter(isWanted)) {
    parts.push({
      name,
      isReal: shells.includes(name),
      detail: shells.includes(name) ? "on PATH" : "missing",
    });
  }
  return parts;
}

/** Lines for people, one per part. */
export function describeParts(parts: readonly Part[]): string {
  return parts
    .map(({ name, isReal, detail }) => `  ${isReal ? "real" : "  - "}  ${name}: ${detail}`)
    .join("\n");
}
