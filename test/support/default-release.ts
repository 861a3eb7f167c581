import { variableDefaults } from "./variable-defaults.ts";

/** The AgentAPI release that the module installs unless the template names one, with its `v`. */
export const defaultRelease = String(variableDefaults["agentapi_version"]);
/** As `agentapi --version` prints it. */
export const defaultVersion = defaultRelease.replace(/^v/, "");
