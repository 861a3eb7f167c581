import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { arch, platform } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ensureAgentapi } from "../../../src/install/agentapi/ensure.ts";
import { releaseUrl } from "../../../src/install/agentapi/release.ts";
import { startFileServer } from "../../support/file-server.ts";
import { installContext } from "../install-context.ts";

test("a download is run once, and known by the digest of what came", async () => {
  const content = '#!/bin/sh\nprintf . >>"$AGENTAPI_CALLS"\necho "agentapi version 0.12.1"\n';
  const path = releaseUrl("", "v0.12.1", platform(), arch());
  const server = await startFileServer({ [path]: content });
  onTestFinished(() => server.close());
  const { context, log } = installContext({
    agentapi_version: "v0.12.1",
    agentapi_download_url: server.url,
    agentapi_sha256: "",
  });
  const calls = join(context.paths.home, "calls");
  Object.assign(context.env, { AGENTAPI_CALLS: calls, PATH: "/usr/bin:/bin" });
  const expected = {
    path: context.paths.agentapi,
    version: "0.12.1",
    sha256: createHash("sha256").update(content).digest("hex"),
  };
  expect(await ensureAgentapi(context, log)).toEqual(expected);
  expect(readFileSync(calls, "utf8")).toBe(".");
  // The next start knows it.
  expect(await ensureAgentapi(context, log)).toEqual(expected);
  expect(readFileSync(calls, "utf8")).toBe(".");
});
