import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AmpError } from "../../../src/amp/errors.ts";
import { ampProbeCache, probeAmp } from "../../../src/amp/probe.ts";
import { listThreads } from "../../../src/amp/threads.ts";
import { findRealAmp, whyNoRealAmp } from "../../support/amp.ts";
import { type AmpServer, startAmpServer } from "../../support/amp-server.ts";
import { realAmpProbe } from "../../support/noted-amp.ts";
import { CANARY, type Examination, examineIt, healthyWorkspace, type Workspace } from "./subject.ts";

let workspace: Workspace;
let ampServer: AmpServer;

/** The real Amp in a workspace, its probe kept as a start keeps it. */
beforeEach(async () => {
  const real = await findRealAmp();
  if (!real) throw new Error(`the real Amp cannot be had: ${whyNoRealAmp()}`);
  workspace = await healthyWorkspace();
  ampServer = await startAmpServer();
  workspace.env["AMP_URL"] = ampServer.url;
  const path = join(workspace.paths.home, ".amp/bin/amp");
  rmSync(path);
  symlinkSync(real.path, path);
  ampProbeCache(workspace.paths.ampProbe).write({ ...(await realAmpProbe()), path });
});
afterEach(async () => {
  workspace.dispose();
  await ampServer.close();
});

test("a key that the real Amp has refused is one that doctor calls refused", async () => {
  ampServer.behaviour = "refuses-key";
  const amp = await probeAmp(join(workspace.paths.home, ".amp/bin/amp"), {
    cacheFile: workspace.paths.ampProbe,
  });
  const refused = await listThreads({ amp, env: workspace.env }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(AmpError);
  expect(refused).toMatchObject({
    kind: "auth_required",
    message: expect.stringMatching(/Invalid or missing API key/),
  });
  const { of } = await examineIt(workspace);
  expect(of("API key")).toMatch(/wrong: http:\S+ refuses the key in AMP_API_KEY \(HTTP 401\)/);
  // Doctor's question is one of Amp's own.
  expect(ampServer.requests.map(({ name }) => name)).toContain("getUserInfo");
});

/** Doctor gives Amp 3.6 s: on a busy machine it has to look again. */
async function examineInTime(workspace: Workspace): Promise<Examination> {
  for (;;) {
    const seen = await examineIt(workspace);
    if (!/was not done after|no answer within/.test(seen.of("permission rules"))) return seen;
  }
}

test("the real Amp's rules and MCP servers: a misspelt key, a server that refuses, one without its command", async () => {
  const settings = {
    "amp.permissions": [
      { tool: "Bash", action: "reject", match: { cmd: "rm *" } },
      { tool: "Read", action: "allow" },
    ],
    "amp.mcpServers": {
      gone: { command: "/opt/gone/tracker", env: { KEY: CANARY } },
      far: { url: "http://127.0.0.1:9/mcp", headers: { Authorization: `Bearer ${CANARY}` } },
    },
  };
  workspace.write(workspace.paths.ampSettings, JSON.stringify(settings));
  const { of, full, json } = await examineInTime(workspace);
  expect(of("permission rules")).toMatch(/rule 1 \(reject Bash\) has the unknown key "match"/);
  expect(of("permissions")).toMatch(/user settings: permissions \(2\); then Amp's built-in rules/);
  expect(of("MCP servers")).toMatch(/wrong: gone cannot start: there is no command \/opt\/gone\/tracker/);
  // A busy machine may not get to the answer in time.
  expect(of("MCP servers")).toMatch(/wrong: far does not work: .*connect|note: far did not answer within/i);
  expect(full + json).not.toContain(CANARY);
});
