import { defineCommand } from "../command-line.ts";
import { prebake } from "./prebake.ts";

/** `amp-module prebake`. Its options are the module's variables of the same names. */
export const prebakeCommand = defineCommand({
  name: "prebake",
  summary: "in a Dockerfile: put Amp and AgentAPI into the image, in /opt/amp-module",
  options: {
    "amp-version": { type: "string", value: "<version>", description: "as the variable amp_version" },
    "install-via-npm": { type: "boolean", description: "as the variable install_via_npm" },
    "amp-installer-url": {
      type: "string",
      value: "<url>",
      default: "https://ampcode.com/install.sh",
      description: "as the variable amp_installer_url",
    },
    "npm-registry-url": { type: "string", value: "<url>", description: "as the variable npm_registry_url" },
    "agentapi-version": {
      type: "string",
      value: "<version>",
      default: "v0.12.1",
      description: "as the variable agentapi_version",
    },
    "agentapi-download-url": {
      type: "string",
      value: "<url>",
      default: "https://github.com/coder/agentapi/releases",
      description: "as the variable agentapi_download_url",
    },
    "agentapi-sha256": {
      type: "string",
      value: "<digest>",
      description: "as the variable agentapi_sha256",
    },
  },
  async action(options) {
    process.umask(0o022);
    await prebake(
      {
        amp_version: options["amp-version"] ?? "",
        install_via_npm: options["install-via-npm"] === true,
        amp_installer_url: options["amp-installer-url"] ?? "",
        npm_registry_url: options["npm-registry-url"] ?? "",
        agentapi_version: options["agentapi-version"] ?? "",
        agentapi_download_url: options["agentapi-download-url"] ?? "",
        agentapi_sha256: options["agentapi-sha256"] ?? "",
      },
      process.env,
    );
  },
});
