import { dirname, join } from "node:path";

/**
 * One of the module's own programs as arguments of a runtime: what a workspace has of it is run by the loader beside it,
 * a plain module by itself.
 *
 * @param path such as `<module directory>/bin/amp-acp.br85`
 */
export function programArguments(path: string): string[] {
  return path.endsWith(".br85") ? [join(dirname(path), "loader.cjs"), path] : [path];
}
