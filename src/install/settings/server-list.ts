import { isObject, type Json, type JsonObject } from "../../base/jsonc.ts";

/** Each costs a pass over the settings file, and Amp starts or calls every one. */
const MOST_SERVERS = 100;
/** A server's own shape needs 4. Deeper ones would end in a stack overflow here or in Amp. */
const DEEPEST = 12;

const WRAPPERS = ["mcpServers", "amp.mcpServers"];
const URL_TYPES = ["http", "sse", "streamable-http", "streamableHttp"];
const ADDRESS = /^(https?:\/\/[^/?#\s]|\$\{)[^\s\p{Cc}]*$/iu;

/**
 * Reads `{ name: server }`, also below `mcpServers` or `amp.mcpServers`, as other agents' files have it. The rules are
 * those by which the plan takes the variable `mcp` (checks.tf): half a list must not pass for a whole one.
 *
 * @throws Error whose message holds no value, since `env` and `headers` are where secrets are
 */
export function parseServerList(bytes: Uint8Array): JsonObject {
  const answer = parseJson(bytes);
  if (!isObject(answer)) throw new Error("the answer is not a JSON object of MCP servers");
  const wrapper = WRAPPERS.find((name) => isObject(answer[name]) && !isServer(answer[name]));
  const servers = wrapper === undefined ? answer : answer[wrapper];
  if (!isObject(servers) || (wrapper !== undefined && Object.keys(answer).length > 1)) {
    throw new Error(`the answer has more than servers beside "${wrapper}"`);
  }
  const all = Object.entries(servers);
  if (all.length > MOST_SERVERS) {
    throw new Error(`the answer has ${all.length} servers, more than ${MOST_SERVERS}`);
  }
  for (const [name, server] of all) {
    const problem = problemOf(server);
    if (problem) throw new Error(`the server ${JSON.stringify(name.slice(0, 80))} in the answer ${problem}`);
  }
  return servers;
}

function parseJson(bytes: Uint8Array): Json {
  let answer: Json;
  try {
    // Its own message would quote the answer.
    answer = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Error("the answer is not a JSON object of MCP servers: it is no valid JSON, or was cut short");
  }
  if (isDeeper(answer, DEEPEST)) throw new Error(`the answer is nested more than ${DEEPEST} levels deep`);
  return answer;
}

function isDeeper(value: Json, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

function isServer(value: Json | undefined): boolean {
  return (
    isObject(value) && ["command", "url"].some((key) => !["undefined", "object"].includes(typeof value[key]))
  );
}

/** What is wrong with one server, undefined for nothing. */
function problemOf(server: Json): string | undefined {
  if (!isObject(server)) return "is not an object";
  const { command, url, args, env, headers } = server;
  if (command === undefined && url === undefined) return "has neither a command nor a url";
  if (command !== undefined && url !== undefined) return "has both a command and a url";
  if (command !== undefined && !isName(command)) return "has a command that is not the name of a program";
  if (url !== undefined && !(isName(url) && ADDRESS.test(url)))
    return "has a url that is not an http address";
  const types: Json[] = command === undefined ? URL_TYPES : ["stdio"];
  if ([server["type"], server["transport"]].some((type) => type !== undefined && !types.includes(type))) {
    return `has a type that does not fit its ${command === undefined ? "url" : "command"}`;
  }
  if (args !== undefined && !(Array.isArray(args) && args.every(isText)))
    return "has args that are not a list of strings";
  if (env !== undefined && !isTexts(env)) return "has an env that is not an object of strings";
  if (headers !== undefined && !isTexts(headers)) return "has headers that are not an object of strings";
  return undefined;
}

function isName(value: Json): value is string {
  return typeof value === "string" && value.trim() !== "";
}

function isText(value: Json): boolean {
  return typeof value === "string";
}

function isTexts(value: Json): boolean {
  return isObject(value) && Object.values(value).every(isText);
}
