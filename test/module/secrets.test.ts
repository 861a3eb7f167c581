import { expect, test } from "vitest";
import { planModule, TerraformError } from "../support/terraform.ts";

const rules = (...list: unknown[]) => ({ base_amp_config: JSON.stringify({ "amp.permissions": list }) });

/** What is wrong with the input, and what the plan says of it. */
test.each<[string, Record<string, unknown>, RegExp]>([
  [
    "an address with password and query",
    { amp_url: "ftp://u:hunter2/x@host/?token=hunter2" },
    /amp_url is "ftp:\/\/\*\*\*@host\/\?\*\*\*"/,
  ],
  ["one without a scheme", { amp_url: "u:hunter2@host" }, /amp_url is "\*\*\*@host"/],
  ["a query alone", { amp_url: "host?token=hunter2" }, /amp_url is "host\?\*\*\*"/],
  ["a password", { amp_url: "https://u:hunter2@host" }, /amp_url carries a user name or password/],
  ["white space", { amp_url: "https://host/?token=hunter2 x" }, /amp_url contains white space/],
  [
    "a remote list's address",
    { mcp_config_remote_path: ["host/?token=hunter2"] },
    /mcp_config_remote_path\[0\] is "host\/\?\*\*\*"/,
  ],
  ["a tool", rules({ tool: { a: "hunter2" }, action: "allow" }), /\[0\]\.tool is an object/],
  ["an action", rules({ tool: "Bash", action: "hunter2" }), /\[0\]\.action is a string/],
  ["an action in a list", rules({ tool: "Bash", action: ["hunter2"] }), /\[0\]\.action is a list/],
  [
    "a context",
    rules({ tool: "Bash", action: "allow", context: { a: "hunter2" } }),
    /\[0\]\.context is an object/,
  ],
  ["a program", rules({ tool: "Bash", action: "delegate", to: ["hunter2"] }), /\[0\]\.to is a list/],
  [
    "an action beside it",
    rules({ tool: "Bash", action: "hunter2", to: "x", message: "y" }),
    /the action is a string/,
  ],
])(
  "a secret in %s stands neither in the message nor in the plan",
  async (_name, variables, message) => {
    const error = await planModule({ variables: { workdir: "/w", ...variables } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(TerraformError);
    const { text, stdout, stderr } = error as TerraformError;
    expect(text).toMatch(message);
    expect(stdout + stderr).not.toContain("hunter2");
  },
  60_000,
);

test("an address that can be used is set, query and all", async () => {
  const plan = await planModule({ variables: { workdir: "/w", amp_url: "https://host/?tenant=a" } });
  expect(plan).toContain('"https://host/?tenant=a"');
}, 60_000);
