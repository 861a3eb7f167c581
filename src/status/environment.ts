/*
 * By these variables of its environment an Amp knows that it is the module's, and where it is to be reported. Both stand
 * in one place, since the start sets what the plugin reads.
 */

/** Slug of the app beside which the status is shown. */
export const STATUS_APP = "AMP_MODULE_STATUS_APP";
/** `app_slug` of the instance whose plugin is to report. */
const STATUS_PLUGIN = "AMP_MODULE_STATUS_PLUGIN";

const PLUGIN_NAME = "coder-status-";

/** The name of an instance's plugin in Amp's folder of plugins. */
export function pluginFile(slug: string): string {
  return `${PLUGIN_NAME}${slug}.ts`;
}

/** What the environment of the module's own Amp has. @param withPlugin the plugin reports, not somebody else */
export function statusEnvironment(slug: string, app: string, withPlugin: boolean): Record<string, string> {
  return app === "" ? {} : { [STATUS_APP]: app, ...(withPlugin && { [STATUS_PLUGIN]: slug }) };
}

/**
 * Whether the plugin at this address reports for the Amp of this environment. An Amp that Amp's own tools start inherits
 * the variables; Amp marks what it starts with `AGENT`.
 */
export function isForPlugin(env: NodeJS.ProcessEnv, address: string): boolean {
  const slug = env[STATUS_PLUGIN];
  return !!slug && env["AGENT"] !== "amp" && address.endsWith(`/${pluginFile(slug)}`);
}
