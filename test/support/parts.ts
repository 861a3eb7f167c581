import { findAgentApi } from "./agentapi.ts";
import { findRealAmp, whyNoRealAmp } from "./amp.ts";
import { prepareProvider } from "./provider.ts";
import { findNode, findRuntime, nodeMajors, runtimeNames } from "./runtimes.ts";
import { shellCommand, shellNames } from "./shells.ts";
import { findTerraform } from "./terraform-binary.ts";

/** One part of the world that the tests run against. */
export interface Part {
  name: string;
  /** True for the program itself, false for a stand-in or where it is missing. */
  isReal: boolean;
  /** Version and origin, or what takes its place and why. */
  detail: string;
}

type Found = Omit<Part, "name">;

/** How each part is found or installed, by its name, in the order in which people read them. */
const searches: Record<string, () => Promise<Found>> = {
  terraform: async () => {
    const { flavour, version, origin } = await findTerraform();
    return { isReal: true, detail: `${flavour} ${version} (${origin})` };
  },
  "coder provider": async () => {
    const { version, origin } = await prepareProvider();
    return { isReal: true, detail: `${version} (${origin})` };
  },
  agentapi: async () => {
    const { real, version, origin } = await findAgentApi();
    return { isReal: real, detail: real ? `${version} (${origin})` : "stand-in: no agentapi on PATH" };
  },
  amp: async () => {
    const amp = await findRealAmp();
    if (!amp) return { isReal: false, detail: `stand-in only: ${whyNoRealAmp()}` };
    const { version } = amp;
    return {
      isReal: true,
      detail: `${version} (npm), its conversations with a loopback server; stand-in where no screen is looked at`,
    };
  },
  ...Object.fromEntries(runtimeNames.map((name) => [name, () => fromNpm(findRuntime(name))])),
  ...Object.fromEntries(nodeMajors.map((major) => [`node ${major}`, () => fromNpm(findNode(major))])),
  ...Object.fromEntries(
    shellNames.map((name) => [
      name,
      async () => {
        const isReal = (await shellCommand(name)) !== undefined;
        return { isReal, detail: isReal ? "on PATH" : "missing" };
      },
    ]),
  ),
};

/**
 * Finds or installs parts side by side, and says which are real. Never rejects.
 *
 * @param only names of the parts to prepare; all unless given
 */
export function prepareParts(only: readonly string[] = Object.keys(searches)): Promise<Part[]> {
  const wanted = Object.entries(searches).filter(([name]) => only.includes(name));
  return Promise.all(
    wanted.map(async ([name, find]) => {
      const found = await find().catch((error: Error) => ({
        isReal: false,
        detail: `missing: ${error.message}`,
      }));
      return { name, ...found };
    }),
  );
}

/** Lines for people, one per part. */
export function describeParts(parts: readonly Part[]): string {
  return parts
    .map(({ name, isReal, detail }) => `  ${isReal ? "real" : "  - "}  ${name}: ${detail}`)
    .join("\n");
}

async function fromNpm(program: Promise<string>): Promise<Found> {
  return { isReal: true, detail: (await program).split("/node_modules/")[1] ?? "" };
}
