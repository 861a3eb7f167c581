import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findAgentApi, standInAgentApi } from "./agentapi.ts";
import { defaultRelease } from "./default-release.ts";
import type { Route } from "./file-server.ts";
import { releasePlatform } from "./release-platform.ts";
import { writeAmpStandIn, writeNodeProgram } from "./stand-ins.ts";

/**
 * An AgentAPI release as GitHub lays it out: `<base>/download/<version>/agentapi-<os>-<arch>`, with
 * `<base>/latest/download/…` beside it. The content is the AgentAPI that the tests use.
 *
 * @param base path in front, such as `/agentapi`
 */
export async function agentApiRelease(
  base: string,
  version = defaultRelease,
): Promise<{ routes: Record<string, Route>; path: string; sha256: string }> {
  const content = await agentApiContent();
  const name = `agentapi-${releasePlatform("-")}`;
  const path = `${base}/download/${version}/${name}`;
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { routes: { [path]: { content }, [`${base}/latest/download/${name}`]: { content } }, path, sha256 };
}

async function agentApiContent(): Promise<Buffer> {
  const found = await findAgentApi();
  return found.real ? readFile(found.path) : asContent((file) => writeNodeProgram(file, standInAgentApi));
}

/**
 * A script in the place of Amp's official installer: honours AMP_VERSION, puts the stand-in Amp at
 * `~/.amp/bin/amp` and links `~/.local/bin/amp`. Needs no downloader.
 *
 * @param version that the installed Amp names where AMP_VERSION is not set or `latest`
 */
export async function ampInstaller(version = "0.0.1790142911-g7618fb"): Promise<string> {
  const amp = (await asContent(writeAmpStandIn)).toString().replace(/^#!.*\n/, "");
  return `#!/usr/bin/env bash
set -eu
version=\${AMP_VERSION:-latest}
[ "$version" != latest ] || version=${version}
echo "Installing Amp $version (stand-in)"
mkdir -p "$HOME/.amp/bin" "$HOME/.local/bin"
{
  echo '#!/bin/sh'
  echo "AMP_STANDIN_VERSION=$version; export AMP_STANDIN_VERSION"
  cat <<'AMP'
${amp}AMP
} > "$HOME/.amp/bin/amp.new"
chmod 755 "$HOME/.amp/bin/amp.new"
mv -f "$HOME/.amp/bin/amp.new" "$HOME/.amp/bin/amp"
ln -sf "$HOME/.amp/bin/amp" "$HOME/.local/bin/amp"
`;
}

async function asContent(write: (file: string) => Promise<void>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "amp-module-file-"));
  try {
    await write(join(folder, "file"));
    return await readFile(join(folder, "file"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
