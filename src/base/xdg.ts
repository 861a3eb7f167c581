import { isAbsolute, join } from "node:path";

/** Where programs keep what is theirs in a home: `XDG_…_HOME` if set, as Amp follows them, else the usual folders. */
export function xdgFolders(env: NodeJS.ProcessEnv, home: string) {
  const folder = (name: string, usual: string) => {
    const set = env[name];
    return set && isAbsolute(set) ? set : join(home, usual);
  };
  return {
    config: folder("XDG_CONFIG_HOME", ".config"),
    data: folder("XDG_DATA_HOME", ".local/share"),
    cache: folder("XDG_CACHE_HOME", ".cache"),
    state: folder("XDG_STATE_HOME", ".local/state"),
  };
}
