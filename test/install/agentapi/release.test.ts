import { expect, test } from "vitest";
import { releaseUrl } from "../../../src/install/agentapi/release.ts";
import { defaultRelease } from "../../support/default-release.ts";
import { variableDefaults } from "../../support/variable-defaults.ts";

const github = String(variableDefaults["agentapi_download_url"]);

test.each([
  [github, defaultRelease, "linux", "x64", `${github}/download/${defaultRelease}/agentapi-linux-amd64`],
  [github, "latest", "darwin", "arm64", `${github}/latest/download/agentapi-darwin-arm64`],
  ["https://mirror/a//", "v1.0.0", "linux", "arm64", "https://mirror/a/download/v1.0.0/agentapi-linux-arm64"],
])("%s %s on %s %s: %s", (base, version, platform, arch, url) => {
  expect(releaseUrl(base, version, platform, arch)).toBe(url);
});

test.each([
  ["win32", "x64"],
  ["linux", "ia32"],
  ["freebsd", "x64"],
  ["linux", "riscv64"],
])("there is no release for %s on %s: the error says what to do", (platform, arch) => {
  expect(() => releaseUrl(github, "latest", platform, arch)).toThrow(
    expect.objectContaining({
      name: "ModuleError",
      message: expect.stringContaining(platform),
      fix: expect.stringContaining("install_agentapi = false"),
    }),
  );
});
