/** The name that release files use for this machine, for instance `linux_amd64`. */
export function releasePlatform(separator = "_"): string {
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  return [process.platform, arch].join(separator);
}
