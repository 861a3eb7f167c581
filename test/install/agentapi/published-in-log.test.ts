import { arch, platform } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { ensureAgentapi } from "../../../src/install/agentapi/ensure.ts";
import { releaseUrl } from "../../../src/install/agentapi/release.ts";
import { type Route, startFileServer } from "../../support/file-server.ts";
import { installContext } from "../install-context.ts";

const version = "v0.12.1";

/** Installs AgentAPI from a mirror that publishes this beside it. */
async function installFrom(published: Route | string) {
  const asset = new URL(releaseUrl("http://mirror", version, platform(), arch())).pathname;
  const files = await startFileServer({
    [asset]: '#!/bin/sh\necho "agentapi version 0.12.1"\n',
    [`${asset}.sha256`]: published,
  });
  onTestFinished(() => files.close());
  const { context, log, logged } = installContext(
    { agentapi_download_url: files.url, agentapi_version: version },
    { PATH: "/usr/bin:/bin" },
  );
  const error = await ensureAgentapi(context, log).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  return { error, logged: logged(), source: `${files.url}${asset}.sha256` };
}

test("a published digest that does not fit the file is named as the cause, with both ways to mend it", async () => {
  const { error, source } = await installFrom("0".repeat(64));
  expect(error).toMatchObject({ name: "ModuleError", message: expect.stringContaining("wrong checksum") });
  expect((error as { fix: string }).fix).toContain(source);
  expect((error as { fix: string }).fix).toMatch(/correct the mirror, or set agentapi_sha256/);
});

test("one that cannot be read is a warning that names it; the file is installed, and proved by its version", async () => {
  const { error, logged, source } = await installFrom("<html>not found</html>");
  expect(error).toBeUndefined();
  expect(logged).toContain(`${source} cannot be read (it holds no SHA-256 in hex)`);
  expect(logged).toContain("agentapi_sha256");
});
