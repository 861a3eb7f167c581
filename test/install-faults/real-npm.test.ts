import { execFile } from "node:child_process";
import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { findRealAmp, realAmpVersion, whyNoRealAmp } from "../support/amp.ts";
import { defaultVersion } from "../support/default-release.ts";
import { createHome, type Home, leftovers } from "./home.ts";
import { tinyAgentapi } from "./programs.ts";

let home: Home | undefined;
afterEach(() => home?.dispose());

// Where the harness could get the real Amp from npm, so can the module.
const real = await findRealAmp();
if (!real) console.log(`Left out: the real npm's registry cannot be had: ${whyNoRealAmp()}`);

test.skipIf(!real)(
  `the real npm installs the real Amp ${realAmpVersion}, which answers --version`,
  { timeout: 300_000 },
  async () => {
    // npm's own settings of whoever runs the tests: a mirror that they need, a cache that spares the network.
    const { stdout } = await promisify(execFile)("npm", ["config", "get", "cache", "registry", "userconfig"]);
    const setting = (name: string) => stdout.match(new RegExp(`^${name}=(.*)$`, "m"))?.[1] ?? "";
    const network = /^(NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|(https?|all|no)_proxy|npm_config_cafile)$/i;
    const inherited = Object.entries(process.env).filter(([name]) => network.test(name));
    const at = await createHome({
      path: { agentapi: tinyAgentapi(defaultVersion) },
      env: {
        ...(Object.fromEntries(inherited) as Record<string, string>),
        npm_config_cache: setting("cache"),
        npm_config_registry: setting("registry"),
        npm_config_userconfig: setting("userconfig"),
      },
      config: { install_via_npm: true, amp_version: realAmpVersion },
    });
    home = at;
    const result = await at.cli("install", { timeoutMs: 280_000 });
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    const amp = await at.run([join(at.moduleDir, "npm/bin/amp"), "--version"]);
    expect(amp.stdout).toContain(realAmpVersion);
    // The user's own npm configuration stays as it is.
    await expect(lstat(join(at.home, ".npmrc"))).rejects.toThrow("ENOENT");
    await expect(lstat(join(at.home, ".npm-global"))).rejects.toThrow("ENOENT");
    expect(await leftovers(at)).toEqual([]);
    const settings = await readFile(join(at.home, ".config/amp/settings.json"), "utf8");
    expect(JSON.parse(settings)).toMatchObject({ "amp.updates.mode": "disabled" });
  },
);
