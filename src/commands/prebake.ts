import type { Command } from "commander";
import { prebake } from "../install/prebake.ts";
import { FrontCommand } from "./front.ts";

/** Of the module's variables: the build reads them where they are declared. */
declare const VARIABLE_DEFAULTS: {
  amp_installer_url: string;
  agentapi_version: string;
  agentapi_download_url: string;
};

/** What commander makes of the options below. */
interface Flags {
  ampVersion?: string;
  installViaNpm?: true;
  ampInstallerUrl: string;
  npmRegistryUrl?: string;
  agentapiVersion: string;
  agentapiDownloadUrl: string;
  agentapiSha256?: string;
}

/** `amp-module prebake`. Its options are the module's variables of the same names. */
export function prebakeCommand(): Command {
  return new FrontCommand(
    "prebake",
    "in a Dockerfile: put Amp and AgentAPI into the image, in /opt/amp-module",
  )
    .option("--amp-version <version>", "as the variable amp_version")
    .option("--install-via-npm", "as the variable install_via_npm")
    .option(
      "--amp-installer-url <url>",
      "as the variable amp_installer_url",
      VARIABLE_DEFAULTS.amp_installer_url,
    )
    .option("--npm-registry-url <url>", "as the variable npm_registry_url")
    .option(
      "--agentapi-version <version>",
      "as the variable agentapi_version",
      VARIABLE_DEFAULTS.agentapi_version,
    )
    .option(
      "--agentapi-download-url <url>",
      "as the variable agentapi_download_url",
      VARIABLE_DEFAULTS.agentapi_download_url,
    )
    .option("--agentapi-sha256 <digest>", "as the variable agentapi_sha256")
    .action(async (flags: Flags) => {
      process.umask(0o022);
      await prebake(
        {
          amp_version: flags.ampVersion ?? "",
          install_via_npm: flags.installViaNpm === true,
          amp_installer_url: flags.ampInstallerUrl,
          npm_registry_url: flags.npmRegistryUrl ?? "",
          agentapi_version: flags.agentapiVersion,
          agentapi_download_url: flags.agentapiDownloadUrl,
          agentapi_sha256: flags.agentapiSha256 ?? "",
        },
        process.env,
      );
    });
}
