import { join } from "node:path";
import { onEveryPathFolder } from "../base/executables.ts";

/** What the places of the Amp binary depend on. */
export interface AmpSearch {
  env: NodeJS.ProcessEnv;
  /** The user's home directory. */
  home: string;
  /** Further npm prefixes to look into, before the usual ones. */
  npmPrefixes?: readonly string[];
}

/**
 * Every path that the Amp binary may have, in order of preference: `AMP_CLI_PATH` (which Amp's own SDKs read too), the official
 * installer's places, npm prefixes, `PATH`. The launcher, scripts/amp-module.sh, has the same list for when there is no
 * runtime yet.
 */
export function ampPlaces({ env, home, npmPrefixes = [] }: AmpSearch): string[] {
  const prefixes = [...npmPrefixes, env["NPM_CONFIG_PREFIX"], env["npm_config_prefix"], userNpmPrefix(home)];
  return [
    namedAmp(env) ?? "",
    ...Object.values(officialPlaces(home)),
    ...prefixes.flatMap((prefix) => (prefix ? ampInPrefix(prefix) : [])),
    ...onEveryPathFolder("amp", env),
  ];
}

/** The Amp that a person names. */
export function namedAmp(env: NodeJS.ProcessEnv): string | undefined {
  return env["AMP_CLI_PATH"];
}

/** `ampPlaces` in words. */
export function ampPlacesInWords(npmPrefixes: readonly string[]): string {
  return ["AMP_CLI_PATH", "~/.amp/bin", "~/.local/bin", "npm prefixes", ...npmPrefixes, "PATH"].join(", ");
}

/** What Amp's official installer makes in a home: the program, and a link to it. */
export function officialPlaces(home: string) {
  return { program: join(home, ".amp", "bin", "amp"), link: join(home, ".local", "bin", "amp") };
}

export const OFFICIAL_IN_WORDS = "no ~/.amp/bin/amp and no ~/.local/bin/amp";

/** What npm makes below its prefix. */
export function ampInPrefix(prefix: string): string {
  return join(prefix, "bin", "amp");
}

/** Where many keep what npm installs for them alone. */
export function userNpmPrefix(home: string): string {
  return join(home, ".npm-global");
}

/** Amp's own files in a home. */
export function ampFiles(configHome: string, dataHome: string) {
  return {
    settings: join(configHome, "amp", "settings.json"),
    /** Plugins for every project. */
    plugins: join(configHome, "amp", "plugins"),
    /** Instructions for every project. */
    instructions: join(configHome, "AGENTS.md"),
    /** What Amp remembers between its starts. */
    session: join(dataHome, "amp", "session.json"),
    /** What was submitted in its input box. */
    history: join(dataHome, "amp", "history.jsonl"),
  };
}

/** The names that a project's own settings can have, the stronger first. */
export const WORKSPACE_SETTINGS = [join(".amp", "settings.json"), join(".amp", "settings.jsonc")];

/** The folder of a project's own plugins. */
export const WORKSPACE_PLUGINS = join(".amp", "plugins");

/** The administrator's settings, which are stronger than everybody else's. */
export const MANAGED_SETTINGS = join(
  process.platform === "darwin" ? "/Library/Application Support/ampcode" : "/etc/ampcode",
  "managed-settings.json",
);
