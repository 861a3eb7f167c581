import { describe, expect, test } from "vitest";
import { allowedNames } from "../../src/server/hosts.ts";
import { exampleConfig } from "../start/example.ts";

const loopback = ["localhost", "127.0.0.1", "[::1]"];
const names = (config = {}, env: NodeJS.ProcessEnv = {}) => allowedNames(exampleConfig(config), env);
const coder = {
  VSCODE_PROXY_URI: "https://{{port}}--main--dev--alice.apps.example.com:8443",
  CODER_AGENT_URL: "https://coder.example.com/",
  CODER_WORKSPACE_NAME: "dev",
  CODER_WORKSPACE_AGENT_NAME: "main",
  CODER_WORKSPACE_OWNER_NAME: "alice",
};

describe("hosts", () => {
  test("are loopback's names and those under which Coder serves the port, the app and the path app", () => {
    expect(names({}, coder).hosts).toEqual([
      ...loopback,
      "3284--main--dev--alice.apps.example.com",
      "amp--main--dev--alice.apps.example.com",
      "amp--dev--alice.apps.example.com",
      "coder.example.com",
      "dev.coder",
      "main.dev.me.coder",
      "main.dev.alice.coder",
    ]);
  });

  test("follow the port and the slug", () => {
    const { hosts } = names({ agentapi_port: 4000, app_slug: "amp-2" }, coder);
    expect(hosts).toContain("4000--main--dev--alice.apps.example.com");
    expect(hosts).toContain("amp-2--dev--alice.apps.example.com");
    expect(hosts.join()).not.toContain("3284");
  });

  test("an agent and a workspace with hyphens in their names", () => {
    const VSCODE_PROXY_URI = "https://{{port}}--my-agent--my-dev--al-ice--apps.example.com";
    expect(names({}, { VSCODE_PROXY_URI }).hosts).toContain("amp--my-dev--al-ice--apps.example.com");
  });

  test("one of the two is enough", () => {
    expect(names({}, { CODER_AGENT_URL: "https://[2001:db8::1]:3000" }).hosts).toEqual([
      ...loopback,
      "[2001:db8::1]",
    ]);
  });

  test.each([
    {},
    { VSCODE_PROXY_URI: "", CODER_AGENT_URL: "" },
    { VSCODE_PROXY_URI: "./proxy/{{port}}", CODER_AGENT_URL: "no address" },
    { CODER_AGENT_URL: "http://a,b c.example.com" },
  ])("are all only where nothing says which: %o", (env) => {
    expect(names({}, env).hosts).toEqual(["*"]);
  });

  test("the template's come on top, and say enough where there is nothing else", () => {
    const agentapi_allowed_hosts = ["chat.example.com"];
    expect(names({ agentapi_allowed_hosts }, coder).hosts).toEqual(
      expect.arrayContaining(["localhost", "coder.example.com", "chat.example.com"]),
    );
    expect(names({ agentapi_allowed_hosts }).hosts).toEqual([...loopback, "chat.example.com"]);
    expect(names({ agentapi_allowed_hosts: ["*"] }, coder).hosts).toContain("*");
  });
});

describe("origins", () => {
  test("are the chat's own, never the dashboard's and never all", () => {
    expect(names({}, coder).origins).toEqual([
      "http://localhost:3284",
      "http://127.0.0.1:3284",
      "https://3284--main--dev--alice.apps.example.com:8443",
      "https://amp--main--dev--alice.apps.example.com:8443",
      "https://amp--dev--alice.apps.example.com:8443",
    ]);
    expect(names({ agentapi_allowed_hosts: ["*"] }).origins).not.toContain("*");
  });
});
