import { ModuleError } from "../../base/errors.ts";

/**
 * The address of an AgentAPI release asset. GitHub and mirrors of it use the same layout:
 * `<base>/download/<version>/<asset>` and `<base>/latest/download/<asset>`, where the asset is
 * `agentapi-<linux|darwin>-<amd64|arm64>`.
 *
 * @param base `agentapi_download_url`
 * @param version `agentapi_version`, `latest` or such as `v0.12.1`
 * @throws ModuleError for a system that AgentAPI is not built for
 */
export function releaseUrl(base: string, version: string, platform: string, arch: string): string {
  const system = { linux: "linux", darwin: "darwin" }[platform];
  const machine = { x64: "amd64", arm64: "arm64" }[arch];
  if (!system || !machine) {
    throw new ModuleError(
      `AgentAPI is not released for ${platform} on ${arch}, only for Linux and macOS on x64 and arm64.`,
      "Put an agentapi built for this system on PATH and set install_agentapi = false.",
    );
  }
  const folder = version === "latest" ? "latest/download" : `download/${version}`;
  return `${base.replace(/\/+$/, "")}/${folder}/agentapi-${system}-${machine}`;
}
