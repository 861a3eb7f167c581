import type { Config } from "../config.ts";

/** What AgentAPI compares a request's `Host` and `Origin` with. */
export interface AllowedNames {
  /** Exact names: AgentAPI knows no patterns besides `*`, and no ports. */
  hosts: string[];
  origins: string[];
}

/**
 * The names under which the agent may be talked to: loopback's, and those under which Coder serves it, since Coder's
 * proxy passes the browser's host name on. A name that somebody else's page brings along (DNS rebinding) is refused. All
 * names are allowed only if nothing says which ones Coder uses.
 */
export function allowedNames(config: Config, env: NodeJS.ProcessEnv): AllowedNames {
  const { agentapi_port: port, app_slug: slug, agentapi_allowed_hosts: more } = config;
  // https://{{port}}--<agent>--<workspace>--<owner>.<domain>; of an app the agent may be left out.
  const template = env["VSCODE_PROXY_URI"] ?? "";
  const apps = [
    template.replaceAll("{{port}}", String(port)),
    template.replaceAll("{{port}}", slug),
    template.replace(/\{\{port\}\}--.+?--/, `${slug}--`),
  ].flatMap(urlOf);
  const dashboard = urlOf(env["CODER_AGENT_URL"] ?? "");
  const coders = [...apps, ...dashboard].map(({ hostname }) => hostname);
  const isUnknown = coders.length === 0 && more.length === 0;
  const hosts = isUnknown
    ? ["*"]
    : ["localhost", "127.0.0.1", "[::1]", ...coders, ...desktopNames(env), ...more];
  // The chat's own addresses. The dashboard's is not among them: other people's path apps have the same origin.
  const own = ["localhost", "127.0.0.1"].map((host) => `http://${host}:${port}`);
  const origins = [...own, ...apps.map(({ origin }) => origin)];
  return { hosts: [...new Set(hosts)], origins: [...new Set(origins)] };
}

/** Coder Desktop's names for the workspace. No public domain ends like them, so no page can take one. */
function desktopNames(env: NodeJS.ProcessEnv): string[] {
  const workspace = env["CODER_WORKSPACE_NAME"] ?? "";
  const agent = env["CODER_WORKSPACE_AGENT_NAME"] ?? "";
  const owner = env["CODER_WORKSPACE_OWNER_NAME"] ?? "";
  return [[workspace], [agent, workspace, "me"], [agent, workspace, owner]]
    .filter((parts) => parts.every((part) => /^[\w-]+$/.test(part)))
    .map((parts) => `${parts.join(".")}.coder`);
}

/** None if it is no http address with a name that AgentAPI takes. */
function urlOf(text: string): URL[] {
  if (!URL.canParse(text)) return [];
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && /^(\[[\w:.]+\]|[\w.-]+)$/.test(url.hostname) ? [url] : [];
}
