/** Filled in by tools/bundle.ts. */
declare const BUILT_VERSION: string | undefined;

/** The module's own version. */
export const MODULE_VERSION = typeof BUILT_VERSION === "string" ? BUILT_VERSION : "from its sources";
