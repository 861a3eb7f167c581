import { chmod, cp, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, expect, test } from "vitest";
import { prebake } from "../../src/install/prebake.ts";
import { defaultRelease, defaultVersion } from "../support/default-release.ts";
import { type FileServer, startFileServer } from "../support/file-server.ts";
import { createHome, type Home, listTree, versionOf } from "./home.ts";
import { serveNpmRegistry } from "./npm-registry.ts";
import { installer, tinyAgentapi, tinyAmp, wanted } from "./programs.ts";

const asset = `agentapi-${process.platform}-${process.arch === "arm64" ? "arm64" : "amd64"}`;
const bundle = fileURLToPath(new URL("../../scripts/amp-tools.mjs", import.meta.url));
const image = "/opt/amp-module";
/** Runs a command that sees the folder `$0` in place of /opt; nobody else does, neither this machine's nor other tests. */
const withOwnOpt = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /opt && exec "$@"'];
const hasOwnOpt =
  !process.execPath.startsWith("/opt/") &&
  (await execa("unshare", ["--mount", "mount", "--bind", "/tmp", "/opt"], { reject: false })).exitCode === 0;

let home: Home | undefined;
let server: FileServer | undefined;
afterEach(async () => {
  await home?.dispose();
  await server?.close();
});

async function mirror(): Promise<FileServer> {
  const files = await startFileServer({
    [`/download/${defaultRelease}/${asset}`]: tinyAgentapi(defaultVersion),
  });
  server = files;
  files.set("/install.sh", installer(files.url, wanted));
  files.set(`/amp-${wanted}`, tinyAmp(wanted));
  await serveNpmRegistry(files, { [wanted]: tinyAmp(wanted) });
  return files;
}

test.each([
  false,
  true,
])("puts both programs into a folder that every user can read; npm: %s", async (viaNpm) => {
  const files = await mirror();
  home = await createHome();
  const folder = join(home.root, "image's ö");
  const options = {
    amp_version: wanted,
    install_via_npm: viaNpm,
    amp_installer_url: `${files.url}/install.sh`,
    npm_registry_url: files.url,
    agentapi_version: defaultRelease,
    agentapi_download_url: files.url,
    agentapi_sha256: "",
    managed_settings: "",
  };
  const env = { ...home.env, AMP_CLI_PATH: "" };
  await prebake(options, env, folder);
  expect(await versionOf(home, join(folder, "bin/amp"))).toBe(wanted);
  expect(await versionOf(home, join(folder, "bin/agentapi"))).toBe(defaultVersion);
  const { stat } = await import("node:fs/promises");
  for (const path of await listTree(folder)) expect((await stat(path)).mode & 0o044, path).toBe(0o044);

  const asked = files.count();
  await prebake(options, env, folder);
  expect(files.count()).toBe(asked);
});

test.skipIf(!hasOwnOpt).each([
  ["Node", false],
  ["the prebaked Amp alone", true],
])(
  "a start in a prebaked image makes no network call; runtime: %s",
  { timeout: 60_000 },
  async (_, hasNoNode) => {
    const files = await mirror();
    const at = await createHome({
      ...(hasNoNode && { bare: [] }),
      config: {
        amp_version: wanted,
        amp_installer_url: `${files.url}/install.sh`,
        agentapi_download_url: files.url,
      },
    });
    home = at;
    const opt = join(at.root, "opt");
    await mkdir(opt);
    const path = { PATH: process.env["PATH"] ?? "" };
    // As the Dockerfile lines of docs/installing.md.
    const baked = await at.run(
      [
        ...[...withOwnOpt, opt, process.execPath, bundle, "prebake", "--amp-version", wanted],
        ...["--amp-installer-url", `${files.url}/install.sh`, "--agentapi-download-url", files.url],
      ],
      { env: { HOME: join(at.root, "build"), ...path } },
    );
    expect(baked, baked.stderr).toMatchObject({ exitCode: 0 });
    const asked = files.count();
    expect(asked).toBeGreaterThan(0);
    if (hasNoNode) await useRealAmp(join(opt, "amp-module"));
    const install = ["env", `PATH=${at.env["PATH"]}`, join(at.moduleDir, "bin/amp-module"), "install"];
    const result = await at.run([...withOwnOpt, opt, ...install], { env: path });
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toContain(`${image}/bin/agentapi`);
    expect(files.count()).toBe(asked);
  },
);

/** Only the real Amp has a Bun inside that can run the module. */
async function useRealAmp(folder: string): Promise<void> {
  const { findRealAmp } = await import("../support/amp.ts");
  const real = await findRealAmp();
  if (!real) throw new Error("the real Amp cannot be had");
  const target = join(folder, ".amp/bin/amp");
  const program = await readFile(target, "utf8");
  await mkdir(join(folder, "real"), { recursive: true });
  await cp(real.path, join(folder, "real/amp"));
  await rm(target);
  const { writeFile } = await import("node:fs/promises");
  await writeFile(
    target,
    program.replace("#!/bin/sh\n", `#!/bin/sh\n[ "\${BUN_BE_BUN:-}" != 1 ] || exec ${image}/real/amp "$@"\n`),
  );
  await chmod(target, 0o755);
}

test("managed settings go into the image, and wrong ones stop everything", async () => {
  const files = await mirror();
  home = await createHome();
  const [folder, managed] = [join(home.root, "image"), join(home.root, "etc/ampcode/managed-settings.json")];
  const options = {
    amp_version: wanted,
    install_via_npm: false,
    amp_installer_url: `${files.url}/install.sh`,
    npm_registry_url: files.url,
    agentapi_version: defaultRelease,
    agentapi_download_url: files.url,
    agentapi_sha256: "",
    managed_settings: '{"amp.permissions":[{"tool":"Bash","match":{"cmd":"rm *"},"action":"reject"}]}',
  };
  const env = { ...home.env, AMP_CLI_PATH: "" };
  await expect(prebake(options, env, folder, managed)).rejects.toThrow(
    'managed_settings cannot be used: amp.permissions[0] has the unknown key "match"',
  );
  expect(files.count()).toBe(0);
  options.managed_settings = '{"amp.permissions":[{"tool":"Bash","action":"reject"}]}';
  await prebake(options, env, folder, managed);
  expect(await readFile(managed, "utf8")).toContain('"amp.dangerouslyAllowAll": false');
});
