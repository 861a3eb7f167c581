import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ensureAgentapi } from "../../src/install/agentapi/ensure.ts";
import { ensureAmp } from "../../src/install/amp/ensure.ts";
import { install } from "../../src/install/install.ts";
import { makeFolder } from "../base/folder.ts";
import { installContext, writeProgram } from "../install/install-context.ts";
import { makeCertificates, startSecureServer } from "../support/certificates.ts";
import { startFileServer } from "../support/file-server.ts";
import { findTool } from "../support/find-tool.ts";

const openssl = await findTool("openssl");
const curl = await findTool("curl");

/** A mirror whose certificate a private CA has signed. */
async function privateMirror(content?: string) {
  const certificates = makeCertificates(makeFolder());
  const server = await startSecureServer(certificates, content);
  onTestFinished(() => server.close());
  return { ...server, ca: certificates.ca };
}

const fix = expect.stringMatching(/SSL_CERT_FILE.*NODE_EXTRA_CA_CERTS/s);

test.skipIf(!openssl)("AgentAPI: asked once, the address once, and the fix names the variables", async () => {
  const mirror = await privateMirror();
  const { context, log } = installContext({ agentapi_download_url: mirror.url });
  const error = await ensureAgentapi(context, log).catch((thrown: Error) => thrown as unknown);
  expect(error).toMatchObject({ name: "ModuleError", message: expect.stringMatching(/certificate/), fix });
  expect(String(error).split(mirror.url)).toHaveLength(2);
  // The other one asks for the published digest.
  expect(mirror.connections()).toBe(2);
});

test.skipIf(!openssl)("Amp's installer: asked once, and the fix names the variables", async () => {
  const mirror = await privateMirror();
  const { context, log } = installContext({ amp_installer_url: `${mirror.url}/install.sh` });
  const error = await ensureAmp(context, log).catch((thrown: Error) => thrown as unknown);
  expect(error).toMatchObject({ name: "ModuleError", message: expect.stringMatching(/certificate/), fix });
  expect(String(error).split(mirror.url)).toHaveLength(2);
  expect(mirror.connections()).toBe(1);
});

test.skipIf(!openssl || !curl)("what the installer itself downloads: it is run once", async () => {
  const mirror = await privateMirror();
  const files = await startFileServer({
    "/install.sh": `#!/bin/bash\nset -e\ncurl -fsSL ${mirror.url}/amp -o amp\n`,
  });
  onTestFinished(() => files.close());
  const { context, log, logged } = installContext({ amp_installer_url: `${files.url}/install.sh` });
  await expect(ensureAmp(context, log)).rejects.toMatchObject({
    message: expect.stringContaining("curl: (60)"),
    fix,
  });
  expect(mirror.connections()).toBe(1);
  expect(logged()).not.toContain("trying again");
});

test.skipIf(!openssl || !curl)("a missing SSL_CERT_FILE is said once, and is the first suspect", async () => {
  const mirror = await privateMirror();
  const files = await startFileServer({
    "/install.sh": `#!/bin/bash\nset -e\ncurl -fsSL ${mirror.url}/amp -o amp\n`,
  });
  onTestFinished(() => files.close());
  const { context, log, logged } = installContext(
    { amp_installer_url: `${files.url}/install.sh`, enable_agentapi: false },
    { SSL_CERT_FILE: "/no/such.pem" },
  );
  await expect(install(context, log)).rejects.toMatchObject({
    fix: expect.stringMatching(/^SSL_CERT_FILE names \/no\/such\.pem, which is missing/),
  });
  expect(logged().match(/SSL_CERT_FILE names \/no\/such\.pem/g)).toHaveLength(1);
});

test.skipIf(!openssl)("npm: ended at its first try, and the fix names the variables", async () => {
  const mirror = await privateMirror();
  const { context, log, logged } = installContext({ install_via_npm: true, npm_registry_url: mirror.url });
  await expect(ensureAmp(context, log)).rejects.toMatchObject({
    message: expect.stringMatching(
      /the registry's certificate is refused \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/,
    ),
    fix,
  });
  expect(logged().match(/attempt \d+ failed/g)).toHaveLength(1);
});

test.skipIf(!openssl)("npm: with SSL_CERT_FILE it gets through to what the registry answers", async () => {
  const mirror = await privateMirror('{"name":"@ampcode/cli","versions":{}}');
  const { context, log, logged } = installContext(
    { install_via_npm: true, npm_registry_url: mirror.url },
    { SSL_CERT_FILE: mirror.ca },
  );
  await expect(ensureAmp(context, log)).rejects.toThrow(/npm could not install Amp: exit code 1/);
  // What went well is no news.
  expect(logged()).not.toMatch(/http fetch GET 200|certificate/);
});

test("an install that finds its files of CAs, or is given none, says nothing of them", async () => {
  const { context, log, logged } = installContext(
    { enable_agentapi: false },
    { SSL_CERT_FILE: join(makeFolder(), "missing.pem") },
  );
  writeProgram(
    join(context.paths.home, ".amp/bin/amp"),
    '#!/bin/sh\n[ "$1" = --version ] && echo 1.2.3\n:\n',
  );
  await install(context, log);
  expect(logged().match(/missing\.pem, which is missing or cannot be read/g)).toHaveLength(1);
  rmSync(context.paths.ampProbe, { force: true });
  delete context.env["SSL_CERT_FILE"];
  context.echoed.length = 0;
  await install(context, log);
  expect(logged()).not.toMatch(/SSL_CERT_FILE|NODE_EXTRA_CA_CERTS/);
});
