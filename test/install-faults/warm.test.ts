import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { findAgentApi, standInAgentApi } from "../support/agentapi.ts";
import { defaultRelease } from "../support/default-release.ts";
import { type FileServer, startFileServer } from "../support/file-server.ts";
import { findTool } from "../support/find-tool.ts";
import { writeNodeProgram } from "../support/stand-ins.ts";
import { createHome, type Home, type HomeOptions, leftovers } from "./home.ts";
import { installer, tinyAmp, wanted, writeProgram } from "./programs.ts";

const strace = await findTool("strace");
const asset = `agentapi-${process.platform}-${process.arch === "arm64" ? "arm64" : "amd64"}`;

let home: Home | undefined;
let server: FileServer | undefined;
afterEach(async () => {
  await home?.dispose();
  await server?.close();
});

/** Programs that must not be run: each leaves a line and fails. */
function forbidden(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => [name, `#!/bin/sh\necho "${name} $*" >>"$FORBIDDEN_CALLS"\nexit 97\n`]),
  );
}

async function prepare(options: HomeOptions = {}): Promise<{ at: Home; files: FileServer }> {
  const files = await startFileServer();
  server = files;
  files.set("/install.sh", installer(files.url, wanted));
  files.set(`/amp-${wanted}`, tinyAmp(wanted));
  files.set(`/download/${defaultRelease}/${asset}`, await agentapiContent());
  const at = await createHome({
    ...options,
    config: {
      amp_installer_url: `${files.url}/install.sh`,
      agentapi_download_url: files.url,
      status_reports: "off",
      ...options.config,
    },
  });
  home = at;
  return { at, files };
}

async function agentapiContent(): Promise<Buffer | string> {
  const { real, path } = await findAgentApi();
  return real ? readFile(path) : `#!/bin/sh\nexec '${process.execPath}' '${standInAgentApi}' "$@"\n`;
}

test.each([
  ["latest"],
  [wanted],
])("a second start with amp_version %s asks the network nothing and runs neither amp --version nor npm", {
  timeout: 60_000,
}, async (amp_version) => {
  const { at, files } = await prepare({
    config: { amp_version, continue: false },
  });
  const first = await at.start();
  expect(first, first.stderr).toMatchObject({ exitCode: 0 });
  await at.cli("stop");
  const asked = files.count();
  expect(asked).toBeGreaterThan(0);

  for (const [name, content] of Object.entries(forbidden(["npm", "npx", "curl", "wget"]))) {
    await writeProgram(join(at.root, "path", name), content);
  }
  const calls = join(at.root, "amp-calls");
  const env = { FORBIDDEN_CALLS: join(at.root, "forbidden"), AMP_CALLS: calls };
  const trace = join(at.root, "trace");
  const command = ["bash", "-c", at.startScript];
  const traced = strace ? [strace, "-D", "-f", "-q", "-e", "trace=execve,connect", "-o", trace] : [];
  const second = await at.run([...traced, ...command], { env });
  expect(second, second.stderr).toMatchObject({ exitCode: 0 });
  expect(files.count()).toBe(asked);
  expect(await readFile(env.FORBIDDEN_CALLS, "utf8").catch(() => "none")).toBe("none");
  const ampCalls = (await readFile(calls, "utf8")).trim().split("\n");
  expect(ampCalls.filter((call) => /version|help/.test(call))).toEqual([]);
  if (strace === undefined)
    return console.log("Left out: no strace on PATH, so the trace was not looked at.");
  const lines = (await readFile(trace, "utf8")).split("\n");
  const programs = lines.filter((line) => / = 0$/.test(line) && line.includes("execve("));
  expect(programs.length).toBeGreaterThan(3);
  expect(programs.filter((line) => /"--(version|help)"/.test(line) && /amp"/.test(line))).toEqual([]);
  const addresses = lines.flatMap((line) => line.match(/connect\(\d+, \{sa_family=AF_INET6?,.*/)?.[0] ?? []);
  // Its own AgentAPI only, on loopback: to see that the port is free, then for its answers.
  const own = new RegExp(`htons\\(${at.port}\\)`);
  expect(addresses.filter((line) => !own.test(line))).toEqual([]);
  expect(addresses.length).toBeGreaterThan(0);
});

test("twenty starts at once: one AgentAPI, twenty successes, one download of each file", {
  timeout: 120_000,
}, async () => {
  const { at, files } = await prepare({ config: { amp_version: wanted } });
  const results = await Promise.all(Array.from({ length: 20 }, () => at.start({ timeoutMs: 110_000 })));
  expect(results.map(({ exitCode }) => exitCode)).toEqual(Array(20).fill(0));
  expect(files.requests().sort()).toEqual(
    [
      `/amp-${wanted}`,
      `/download/${defaultRelease}/${asset}`,
      `/download/${defaultRelease}/${asset}.sha256`,
      "/install.sh",
    ].sort(),
  );
  const servers = (await at.processes()).filter(({ cmdline }) =>
    /agentapi\S* server --type amp/.test(cmdline),
  );
  // The supervisor and its helper have AgentAPI's command line among their arguments.
  expect(servers.filter(({ exe }) => !/sh$/.test(exe))).toHaveLength(1);
  expect(await leftovers(at)).toEqual([]);
});

test("AgentAPI on PATH in the wanted version is used where it is", async () => {
  const { at, files } = await prepare({ config: { amp_version: wanted } });
  const { real, path } = await findAgentApi();
  await mkdir(join(at.root, "path"));
  if (real) await symlink(path, join(at.root, "path/agentapi"));
  else await writeNodeProgram(join(at.root, "path/agentapi"), standInAgentApi);
  expect(await at.cli("install")).toMatchObject({ exitCode: 0 });
  expect(files.requests().filter((request) => request.includes("agentapi"))).toEqual([]);
});
