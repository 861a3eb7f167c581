import { readdirSync } from "node:fs";
import { join } from "node:path";

/** The `bin` folders of every Node that a version manager has put into the home: nvm, fnm, volta, asdf, mise. */
export function nodeFolders(env: NodeJS.ProcessEnv, home: string): string[] {
  const share = join(home, ".local", "share");
  const layouts: [root: string, inside: string][] = [
    [join(env["NVM_DIR"] || join(home, ".nvm"), "versions", "node"), "bin"],
    [join(env["FNM_DIR"] || join(share, "fnm"), "node-versions"), join("installation", "bin")],
    [join(home, ".fnm", "node-versions"), join("installation", "bin")],
    [join(env["VOLTA_HOME"] || join(home, ".volta"), "tools", "image", "node"), "bin"],
    [join(env["ASDF_DATA_DIR"] || join(home, ".asdf"), "installs", "nodejs"), "bin"],
    [join(env["MISE_DATA_DIR"] || join(share, "mise"), "installs", "node"), "bin"],
  ];
  return layouts.flatMap(([root, inside]) => list(root).map((version) => join(root, version, inside)));
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort().reverse();
  } catch {
    return [];
  }
}
