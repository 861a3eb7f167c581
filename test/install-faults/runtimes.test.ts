import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findAgentApi, standInAgentApi } from "../support/agentapi.ts";
import { findRealAmp } from "../support/amp.ts";
import { defaultRelease } from "../support/default-release.ts";
import { type FileServer, startFileServer } from "../support/file-server.ts";
import { findNode, findRuntime, nodeMajors } from "../support/runtimes.ts";
import { createHome, type Home, leftovers, versionOf } from "./home.ts";
import { installer, tinyAmp, wanted } from "./programs.ts";

const asset = `agentapi-${process.platform}-${process.arch === "arm64" ? "arm64" : "amd64"}`;
const homes: Home[] = [];
const servers: FileServer[] = [];
afterAll(async () => {
  for (const home of homes) await home.dispose();
  for (const server of servers) await server.close();
});

const runtimes: Record<string, () => Promise<string>> = {
  ...Object.fromEntries(nodeMajors.map((major) => [`Node ${major}`, () => findNode(major)])),
  bun: () => findRuntime("bun"),
  deno: () => findRuntime("deno"),
  Amp: async () => {
    const amp = await findRealAmp();
    if (!amp) throw new Error("the real Amp cannot be had");
    return amp.path;
  },
};

test.concurrent.each(Object.keys(runtimes))("installs from mirrors and starts on %s alone", {
  timeout: 90_000,
}, async (name) => {
  const executable = (await runtimes[name]?.()) ?? "";
  const { real, path } = await findAgentApi();
  const agentapi = real
    ? await readFile(path)
    : `#!/bin/sh\nexec '${process.execPath}' '${standInAgentApi}' "$@"\n`;
  const files = await startFileServer({ [`/download/${defaultRelease}/${asset}`]: agentapi });
  servers.push(files);
  files.set("/install.sh", { content: installer(files.url, wanted), faults: [{ status: 503 }] });
  files.set(`/amp-${wanted}`, tinyAmp(wanted));
  // curl is the installer's; the module itself downloads with the runtime.
  const at = await createHome({
    bare: ["curl"],
    config: {
      amp_version: wanted,
      amp_installer_url: `${files.url}/install.sh`,
      agentapi_download_url: files.url,
    },
  });
  homes.push(at);
  // The launcher tells runtimes by their names, and npm's Amp is amp.exe behind its link.
  await mkdir(join(at.root, "path"));
  const runtime = join(at.root, "path", /^Node/.test(name) ? "node" : name.toLowerCase());
  await symlink(executable, runtime);
  const env = { AMP_MODULE_RUNTIME: runtime };
  const result = await at.start({ env, timeoutMs: 80_000 });
  expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
  expect(result.stdout).toContain("HTTP 503");
  expect(files.count("/install.sh")).toBe(2);
  expect(await versionOf(at, join(at.home, ".amp/bin/amp"))).toBe(wanted);
  expect(await fetch(`http://127.0.0.1:${at.port}/status`).then(({ status }) => status)).toBe(200);
  expect(await leftovers(at)).toEqual([]);
  expect(await at.cli("stop", { env })).toMatchObject({ exitCode: 0 });
});
