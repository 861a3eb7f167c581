import { readFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const document = new URL("../src/agentapi/openapi.json", import.meta.url);

const header = `// Generated from openapi.json by openapi-typescript: run \`npm run generate\` instead of editing.\n\n`;

/**
 * The text of `src/agentapi/schema.ts`: types of AgentAPI's paths and bodies, made from the OpenAPI document
 * next to it. The same document always gives the same text.
 */
export async function generateAgentApiSchema(): Promise<string> {
  const types = await openapiTS(await readFile(document, "utf8"), { alphabetize: false });
  return header + astToString(types);
}
