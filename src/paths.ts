import { join } from "node:path";
import { type AmpSearch, ampFiles } from "./amp/places.ts";
import { xdgFolders } from "./base/xdg.ts";

/** Where `amp-module prebake` puts Amp and AgentAPI in an image, outside of the home that a volume may cover. */
export const PREBAKED_DIR = "/opt/amp-module";

/** Every path that the module reads or writes, from three roots. */
export type Paths = ReturnType<typeof modulePaths>;

/**
 * @param moduleDir the module directory, `~/.amp-module` or `~/.amp-module-<app_slug>`
 * @param home the user's home directory
 * @param xdg the folders of `xdgFolders`
 */
export function modulePaths(
  moduleDir: string,
  home: string,
  { config, data }: Pick<ReturnType<typeof xdgFolders>, "config" | "data"> = xdgFolders({}, home),
) {
  const bin = join(moduleDir, "bin");
  const state = join(moduleDir, "state");
  const amp = ampFiles(config, data);
  return {
    moduleDir,
    home,
    prebaked: PREBAKED_DIR,
    bin,
    state,
    config: join(moduleDir, "config.json"),
    launcher: join(bin, "amp-module"),
    bundle: join(bin, "amp-module.br85"),
    acpBundle: join(bin, "amp-acp.br85"),
    loader: join(bin, "loader.cjs"),
    agentapi: join(bin, "agentapi"),
    /** `npm --prefix`: the user's own npm configuration stays as it is. */
    npmPrefix: join(moduleDir, "npm"),
    /** Prefix of folders in which an installer works before its result is proved. */
    stage: join(moduleDir, "stage"),
    updateCheck: join(state, "update-check"),
    installLog: join(moduleDir, "install.log"),
    startLog: join(moduleDir, "agentapi-start.log"),
    /** Every decision of a person's about a tool call. */
    approvalsLog: join(moduleDir, "approvals.log"),
    stopLog: join(moduleDir, "stop.log"),
    preInstall: { script: join(moduleDir, "pre_install.sh"), log: join(moduleDir, "pre_install.log") },
    postInstall: { script: join(moduleDir, "post_install.sh"), log: join(moduleDir, "post_install.log") },
    lock: join(state, "lock"),
    /** Of what is the user's, which every instance of the module in this home writes to. */
    userLock: join(home, ".amp-module.lock"),
    ampProbe: join(state, "amp-probe.json"),
    agentapiProbe: join(state, "agentapi-probe.json"),
    supervisor: join(bin, "supervisor.sh"),
    running: join(state, "agentapi.json"),
    /** Tells the supervisor that the agent came up, so that it restarts it from now on. */
    ready: join(state, "ready"),
    savedState: join(state, "agentapi-state.json"),
    /** What the stream agent remembers, and where it takes answers. */
    acpState: join(state, "acp"),
    thread: join(state, "thread.json"),
    prompt: join(state, "prompt.txt"),
    /** What is known of the last prompt that Amp was given. */
    delivery: join(state, "delivery.json"),
    appliedSettings: join(state, "applied-settings.json"),
    /** Digests of a project's files that a person has accepted. */
    trusted: join(state, "trusted.json"),
    ampSettings: amp.settings,
    instructions: amp.instructions,
    ampSession: amp.session,
    ampHistory: amp.history,
    ampPlugins: amp.plugins,
  };
}

/** The npm prefixes of the module's own in which Amp may be. */
export function ampPrefixes({ npmPrefix, prebaked }: Pick<Paths, "npmPrefix" | "prebaked">): string[] {
  return [npmPrefix, prebaked];
}

/** Where this workspace's Amp may be, for `findAmps`. */
export function ampSearch({
  paths,
  env,
}: {
  paths: Pick<Paths, "home" | "npmPrefix" | "prebaked">;
  env: NodeJS.ProcessEnv;
}): AmpSearch {
  return { env, home: paths.home, npmPrefixes: ampPrefixes(paths) };
}

/** Expands a leading `~` or `$HOME`, as `workdir` may have; anything else is returned as given. */
export function expandHome(path: string, home: string): string {
  const rest = path.match(/^(?:~|\$HOME|\$\{HOME\})(\/.*)?$/s);
  return rest ? home + (rest[1] ?? "") : path;
}
