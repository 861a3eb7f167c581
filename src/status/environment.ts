/*
 * By these variables of its environment an Amp knows that it is the module's, and where it is to be reported. Both stand
 * in one place, since the start sets what the plugin reads.
 */

/** Slug of the app beside which the status is shown. */
export const STATUS_APP = "AMP_MODULE_STATUS_APP";
/** `app_slug` of the instance whose plugin is to report. */
const STATUS_PLUGIN = "AMP_MODULE_STATUS_PLUGIN";

/** Seconds after which the plugin has refused what nobody answers; without it Amp waits. */
export const APPROVAL_TIMEOUT = "AMP_MODULE_APPROVAL_TIMEOUT";
/** The module directory, which every program of this instance's has. */
export const INSTANCE = "AMP_MODULE_INSTANCE";

const PLUGIN_NAME = "coder-status-";

/** The name of an instance's plugin in Amp's folder of plugins. */
export function pluginFile(slug: string): string {
  return `${PLUGIN_NAME}${slug}.ts`;
}

/**
 * What the environment of the module's own Amp has.
 *
 * @param plugin undefined if somebody else reports; else what it does beside, 0 for no limit
 */
export function statusEnvironment(
  slug: string,
  app: string,
  plugin: { approvalTimeoutS: number } | undefined,
): Record<string, string> {
  if (app === "") return {};
  if (!plugin) return { [STATUS_APP]: app };
  const { approvalTimeoutS: limit } = plugin;
  return {
    [STATUS_APP]: app,
    [STATUS_PLUGIN]: slug,
    ...(limit > 0 && { [APPROVAL_TIMEOUT]: String(limit) }),
  };
}

/**
 * Whether the plugin at this address reports for the Amp of this environment. An Amp that Amp's own tools start inherits
 * the variables; Amp marks what it starts with `AGENT`.
 */
export function isForPlugin(env: NodeJS.ProcessEnv, address: string): boolean {
  const slug = env[STATUS_PLUGIN];
  return !!slug && env["AGENT"] !== "amp" && address.endsWith(`/${pluginFile(slug)}`);
}
