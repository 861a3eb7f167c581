import { randomBytes } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const bar = "─".repeat(65);

/** Versions in order of age. */
export const older = "0.0.1780000000-gaaaaaa";
export const wanted = "0.0.1790000000-gbbbbbb";
export const newer = "0.0.1799000000-gcccccc";

export interface ProgramOptions {
  /** Makes the file so many bytes larger, with bytes that do not compress. */
  padding?: number;
}

/**
 * An Amp in plain sh, so that hundreds of installs cost little: `--version`, `--help`, and a screen with the input box
 * that AgentAPI looks for. Each call's arguments go to the file in AMP_CALLS, where that is set. Cut anywhere, it does not run: its last line is what makes it.
 */
export function tinyAmp(version: string, options: ProgramOptions = {}): string {
  return program(
    `[ -z "\${AMP_CALLS:-}" ] || echo "$*" >>"$AMP_CALLS"
case " $* " in
  *" --version "*) echo '${version} (released 2026-09-23T05:55:11.000Z, 1mo ago)' ;;
  *" --help "*) cat <<'HELP'
Usage: amp [options] [command]

Commands:

  threads                       Threads

Options:

  -m, --mode <mode>             Set the agent mode (low, medium, high, ultra)
  -x, --execute [message]       Execute mode
  --settings-file <value>       Settings file
HELP
  ;;
  *" threads new "*) echo 'T-00000000-0000-4000-8000-000000000000' ;;
  *) [ "\${BUN_BE_BUN:-}" != 1 ] || exit 1
    printf '\\033[2J\\033[HWelcome to Amp\\r\\n\\r\\n╭%s╮\\r\\n│ > %61s │\\r\\n╰%s╯' ${bar} '' ${bar}
    exec cat >/dev/null ;;
esac`,
    options,
  );
}

/** An AgentAPI that can only name its version; enough for installs, which start nothing. */
export function tinyAgentapi(version: string, options: ProgramOptions = {}): string {
  return program(`echo 'agentapi version ${version}'`, options);
}

/** A file that was an executable once: cut short, as a broken install leaves it. */
export const brokenProgram = "#!/bin/sh\nmain() {\necho half";

function program(body: string, { padding = 0 }: ProgramOptions): string {
  return `#!/bin/sh\nmain() {\n${body}\n}\n${noise(padding)}main "$@"\n`;
}

/** Comment lines that gzip gains little on. */
function noise(bytes: number): string {
  return randomBytes(Math.ceil((bytes * 3) / 4))
    .toString("base64")
    .replace(/.{1,100}/g, "#$&\n");
}

export async function writeProgram(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { mode: 0o755 });
}

/** An Amp where an earlier run of the module's npm route put it. */
export async function placeNpmAmp(moduleDir: string, content: string): Promise<void> {
  await writeProgram(join(moduleDir, "npm-00000000", "bin", "amp"), content);
  await symlink("npm-00000000", join(moduleDir, "npm"));
}

/**
 * An installer that, as Amp's own, gets the binary with curl and puts it in place.
 *
 * @param base address below which `amp-<version>` is served
 * @param latest what it installs where AMP_VERSION is not set
 */
export function installer(base: string, latest: string): string {
  return `#!/usr/bin/env bash
set -euo pipefail
version=\${AMP_VERSION:-${latest}}
echo "Installing Amp $version"
mkdir -p "$HOME/.amp/bin" "$HOME/.local/bin"
curl -fsS --max-time 20 -o "$HOME/.amp/bin/amp.part" "${base}/amp-$version"
chmod 755 "$HOME/.amp/bin/amp.part"
mv -f "$HOME/.amp/bin/amp.part" "$HOME/.amp/bin/amp"
ln -sf "$HOME/.amp/bin/amp" "$HOME/.local/bin/amp"
`;
}
