import { parse } from "jsonc-parser";
import { isObject, type Json, type JsonObject } from "../../base/jsonc.ts";
import { type Config, pinnedVersion } from "../../config.ts";

/** What the template wants in Amp's settings, before it meets what the user has there. */
export interface DesiredSettings {
  /** Top-level keys that are the template's, without `amp.mcpServers`. */
  keys: JsonObject;
  /** Entries of `amp.mcpServers` that are the template's, by server name. */
  mcpServers: JsonObject;
  /** Rules that must stand in front of the user's in `amp.permissions`, if there are any: they never make that key. */
  requiredPermissions: JsonObject[];
}

/** For unattended work: nothing that moves on the screen, since AgentAPI waits for it to rest. */
const UNATTENDED: JsonObject = { "amp.terminal.animation": false, "amp.notifications.enabled": false };

const RUNNER_UPDATES = "amp.runner.autoUpdate.enabled";

/** Lets Amp report its progress to Coder without asking anybody. */
const CODER_TOOLS: JsonObject = { tool: "mcp__coder__*", action: "allow" };

/**
 * @param config the payload
 * @param hasCoder whether there is a `coder` binary to report progress with
 * @param remoteServers further MCP servers, which the template's own override
 */
export function desiredSettings(
  config: Config,
  hasCoder: boolean,
  remoteServers: JsonObject = {},
): DesiredSettings {
  const base = config.base_amp_config.trim() === "" ? UNATTENDED : parseObject(config.base_amp_config);
  const { "amp.mcpServers": baseServers, ...keys } = base;
  const reports = config.status_reports === "coder-mcp" && hasCoder;

  if (config.dangerously_allow_all) keys["amp.dangerouslyAllowAll"] = true;
  if (pinnedVersion(config.amp_version) && !("amp.updates.mode" in keys))
    keys["amp.updates.mode"] = "disabled";
  // A runner has a wish of its own, and updates even if base_amp_config names a mode of updates.
  if (pinnedVersion(config.amp_version) && config.transport === "runner" && !(RUNNER_UPDATES in keys))
    keys[RUNNER_UPDATES] = false;
  const permissions = keys["amp.permissions"];
  if (reports && Array.isArray(permissions)) keys["amp.permissions"] = withRule(permissions, CODER_TOOLS);

  return {
    keys,
    mcpServers: {
      ...remoteServers,
      ...(isObject(baseServers) ? baseServers : {}),
      ...parseObject(config.mcp ?? "{}"),
      ...(reports ? { coder: coderServer(config) } : {}),
    },
    requiredPermissions: reports && permissions === undefined ? [CODER_TOOLS] : [],
  };
}

/** `coder exp mcp server`: the agent's token reaches it through the environment, so it stands in no file. */
function coderServer(config: Config): JsonObject {
  return {
    command: "coder",
    args: ["exp", "mcp", "server"],
    env: {
      CODER_MCP_APP_STATUS_SLUG: config.app_slug,
      CODER_MCP_AI_AGENTAPI_URL: `http://localhost:${config.agentapi_port}`,
    },
  };
}

/** Amp takes the first rule that fits, so an added rule goes first; one for the same tool is left as it is. */
export function withRule(permissions: Json[], rule: JsonObject): Json[] {
  const isThere = permissions.some((other) => isObject(other) && other["tool"] === rule["tool"]);
  return isThere ? permissions : [rule, ...permissions];
}

function parseObject(text: string): JsonObject {
  const value: Json = parse(text);
  return isObject(value) ? value : {};
}
