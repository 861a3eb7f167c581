import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { findAgentApi } from "../support/agentapi.ts";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";
import { type AmpServer, type AmpServerBehaviour, startAmpServer } from "../support/amp-server.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

let workspace: Workspace | undefined;
let server: AmpServer | undefined;
afterEach(async () => {
  await workspace?.dispose();
  await server?.close();
});
beforeAll(async () => {
  if (!(await findRealAmp())) throw new Error(`the real Amp cannot be had: ${whyNoRealAmp()}`);
});

/** Starts with a prompt against such a server, and gives the last lines of the log. */
async function failedStart(behaviour: AmpServerBehaviour, transport: string): Promise<string> {
  server = await startAmpServer(behaviour);
  workspace = await createWorkspace({ ampServer: server, variables: { transport, ai_prompt: "Hi" } });
  const result = await workspace.start({ timeoutMs: 110_000 });
  expect(result.exitCode, result.stdout).toBe(1);
  expect(await workspace.processes()).toEqual([]);
  expect(server.prompts()).toEqual([]);
  const lines = (await workspace.log("agentapi-start")).trimEnd().split("\n").slice(-8);
  expect(lines.at(-1)).toMatch(/^\S+Z ERROR To fix it: /);
  return lines.filter((line) => / ERROR /.test(line)).join("\n");
}

const { real: isRealAgentApi } = await findAgentApi();
describe.skipIf(!isRealAgentApi).each(["terminal", "stream"])("the real Amp, transport %s", (transport) => {
  test.each<[AmpServerBehaviour, RegExp]>([
    [
      "refuses-key",
      /does not accept the API key[\s\S]*Invalid or missing API key[\s\S]*fix it: Set amp_api_key/,
    ],
    [
      "fails",
      /answers with an error of its own[\s\S]*server returned an error[\s\S]*fix it: .*amp-module start/,
    ],
    [
      "is-portal",
      /a page instead of data[\s\S]*Failed to parse JSON[\s\S]*fix it: .*log in[\s\S]*HTTPS_PROXY/,
    ],
  ])(
    "a server that %s is named in the log's last lines, with what to do",
    async (behaviour, lines) => {
      expect(await failedStart(behaviour, transport)).toMatch(lines);
    },
    120_000,
  );
});

test.skipIf(!isRealAgentApi)(
  "a server that takes connections and never answers is named, with what to do",
  async () => {
    expect(await failedStart("is-silent", "terminal")).toMatch(
      /the Amp server does not answer[\s\S]*fix it: .*HTTPS_PROXY/,
    );
  },
  120_000,
);
