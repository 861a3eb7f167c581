import { createHash } from "node:crypto";
import { arch, platform } from "node:os";
import { releaseUrl } from "../../../src/install/agentapi/release.ts";
import { defaultRelease } from "../default-release.ts";
import type { HerdFile } from "./mirror.ts";

/** How long the mirror's answers take. */
export interface Pace {
  latencyMs: number;
  /** Of one connection. */
  bytesPerSecond: number;
}

/** Bytes of what a first start downloads: what the transfers take their time for. */
export const SIZES = { amp: 100e6, agentapi: 15e6 };

const AMP = `#!/bin/sh
case " $* " in
  *" --version "*) echo '0.0.1790142911-g7618fb (released 2026-09-23)' ;;
  *" --revision "*) echo '1.4.1+2bbcd6d3d' ;;
  *" --help "*) printf 'Usage: amp [options] [command]\\n\\nOptions:\\n\\n  -x, --execute [message]  Execute mode\\n' ;;
esac
`;
const AGENTAPI = `#!/bin/sh\necho 'agentapi version ${defaultRelease.slice(1)}'\n`;

/** The names of what a first start downloads, as the mirror has them. */
export const NAMES = {
  installer: "install.sh",
  amp: "amp",
  agentapi: releaseUrl("", defaultRelease, platform(), arch()).slice(1),
  get digest() {
    return `${this.agentapi}.sha256`;
  },
};

/** Programs that only name their version, each in the time that one of the true size takes. */
export function herdFiles({ latencyMs, bytesPerSecond }: Pace): Record<string, HerdFile> {
  const holdMs = (bytes: number) => latencyMs + (1000 * bytes) / bytesPerSecond;
  const digest = createHash("sha256").update(AGENTAPI).digest("hex");
  return {
    [NAMES.installer]: { content: INSTALLER, holdMs: latencyMs },
    [NAMES.amp]: { content: AMP, holdMs: holdMs(SIZES.amp) },
    [NAMES.agentapi]: { content: AGENTAPI, holdMs: holdMs(SIZES.agentapi) },
    [NAMES.digest]: { content: digest, holdMs: latencyMs },
  };
}

/** As Amp's own it gets the binary with curl, which tries once. The environment says from where. */
const INSTALLER = `#!/usr/bin/env bash
set -euo pipefail
curl -fsS --create-dirs -o "$HOME/.amp/bin/amp" "$HERD_URL/amp"
chmod 755 "$HOME/.amp/bin/amp"
`;
