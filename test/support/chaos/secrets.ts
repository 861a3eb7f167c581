import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { testAgentToken, testApiKey } from "../workspace.ts";
import { REFUSED_KEY } from "./doing.ts";
import type { Site } from "./site.ts";

/** In the environment of an MCP server that the template names. */
export const MCP_CANARY = "canary-mcp-env-7c41e9d2a6";

const CANARIES: Record<string, string> = {
  "the API key": testApiKey,
  "the refused API key": REFUSED_KEY,
  "the agent's token": testAgentToken,
  "an MCP server's environment": MCP_CANARY,
};

/** What the template put into JSON stands there, and nowhere else. */
const HOLDERS = /\/(config\.json|settings\.json~?)$/;
/** The stand-in's own files, and programs. */
const NOT_OURS = /\/\.(amp|amp-stream|local\/share\/amp)\/|\/agentapi$|\.mjs$/;
const LARGEST = 8 * 1024 * 1024;

/** Names of the secrets that a text holds. */
export function secretsIn(text: string): string[] {
  return Object.entries(CANARIES)
    .filter(([, secret]) => text.includes(secret))
    .map(([name]) => name);
}

/** Files that hold a secret which is not theirs. */
export function filesWithSecrets({ home }: Site): string[] {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !NOT_OURS.test(file) && statSync(file, { throwIfNoEntry: false }))
    .flatMap((file) => {
      if (statSync(file).size > LARGEST) return [`${relative(home, file)} is too large to look into`];
      const found = secretsIn(readFileSync(file, "latin1"));
      const foreign = HOLDERS.test(file) ? found.filter((name) => !name.includes("MCP")) : found;
      return foreign.map((name) => `${relative(home, file)} holds ${name}`);
    });
}
