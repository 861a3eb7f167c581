import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, expect, test } from "vitest";
import { canMount } from "../support/can-mount.ts";
import { defaultVersion } from "../support/default-release.ts";
import { createHome, type Home } from "./home.ts";
import { tinyAgentapi, tinyAmp, wanted } from "./programs.ts";

const mayMount = await canMount();
const homes: Home[] = [];
afterAll(async () => {
  for (const home of homes) await home.dispose();
});

const before = `{\n  // mine\n  "amp.tab": "x",\n  "mine": "${"a".repeat(300)}"\n}\n`;
const wantedValue = "b".repeat(900);
/** More than a page, so that a write to a full disk can succeed in part. */
const largeValue = "b".repeat(9000);
const path = { agentapi: tinyAgentapi(defaultVersion), amp: tinyAmp(wanted) };
const config = {
  base_amp_config: JSON.stringify({ "amp.example": largeValue }),
  status_reports: "off" as const,
};

/** The file holds what it held, or all of what it should: which? */
function whole(settings: string): "old" | "new" {
  const text = readFileSync(settings, "utf8");
  if (text === before) return "old";
  expect(JSON.parse(text.replace("// mine\n", "\n"))).toMatchObject({ "amp.example": largeValue });
  expect(text).toContain('"mine": "aaa');
  expect(text).toContain("// mine");
  return "new";
}

// A tmpfs counts in pages; single bytes need a file system that says no after so many: write(2) with less room than asked.
test("cut at every byte: old or new settings, whole, every time", { timeout: 120_000 }, async () => {
  const home = await createHome({ path, config });
  homes.push(home);
  const settings = join(home.home, ".config/amp/settings.json");
  mkdirSync(dirname(settings), { recursive: true });
  const bundle = join(home.root, "cut.mjs");
  await buildWriter(bundle);
  writeFileSync(settings, before);
  const { stdout } = await execa(process.execPath, [bundle, settings, String(before.length), "65536"], {
    env: { HOME: home.home },
  });
  const { tried, old, fresh } = JSON.parse(stdout) as { tried: number; old: number; fresh: number };
  expect(tried).toBeGreaterThan(900);
  expect(old + fresh).toBe(tried);
  expect(old).toBeGreaterThan(900);
  expect(fresh).toBeGreaterThan(0);
  expect(readdirSync(dirname(settings))).toEqual(["settings.json"]);
});

test.skipIf(!mayMount)("a tmpfs with fewer and fewer free pages", { timeout: 120_000 }, async () => {
  const home = await createHome({ path, config });
  homes.push(home);
  const disk = join(home.root, "disk");
  mkdirSync(disk);
  await execa("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk]);
  try {
    mkdirSync(join(home.home, ".config"), { recursive: true });
    symlinkSync(disk, join(home.home, ".config/amp"));
    const settings = join(disk, "settings.json");
    const seen = new Set<string>();
    for (let free = 0; free <= 6; free++) {
      writeFileSync(settings, before);
      rmSync(join(home.moduleDir, "state"), { recursive: true, force: true });
      mkdirSync(join(home.moduleDir, "state"));
      fill(join(disk, "filler"), free);
      const result = await home.cli("install");
      const outcome = whole(settings);
      seen.add(outcome);
      expect(result.exitCode, result.stderr).toBe(outcome === "new" ? 0 : 1);
      if (outcome === "old")
        expect(result.stderr).toMatch(/settings could not be written.*ENOSPC[\s\S]*Free space/);
      expect(readdirSync(disk).sort()).toEqual(["filler", "settings.json"]);
      rmSync(join(disk, "filler"));
    }
    expect([...seen].sort()).toEqual(["new", "old"]);
  } finally {
    await execa("umount", ["-l", disk]);
  }
});

/** Fills the disk up to so many free pages. */
function fill(file: string, freePages: number): void {
  const page = Buffer.alloc(4096);
  let pages = 0;
  try {
    for (;;) writeFileSync(file, page, { flag: "a", mode: 0o600 });
  } catch {
    pages = Math.floor(statSync(file).size / page.length);
  }
  writeFileSync(file, Buffer.alloc(Math.max(0, pages - freePages) * page.length));
}

/** A program that writes the settings with the module's own code, its file size limited to each byte in turn. */
async function buildWriter(target: string): Promise<void> {
  const { build } = await import("esbuild");
  await build({
    stdin: {
      contents: `
        import fs from "node:fs";
        import { syncBuiltinESMExports } from "node:module";
        const [, , settings, , ] = process.argv;
        const before = fs.readFileSync(settings, "utf8");
        const real = fs.writeSync;
        let room = 0;
        // As a full disk does it: a part of a write is taken, the next one fails.
        fs.writeSync = (file, bytes, offset = 0, ...rest) => {
          if (room <= 0) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
          const piece = bytes.subarray(offset, offset + room);
          room -= piece.length;
          return real(file, piece);
        };
        syncBuiltinESMExports();
        const { mergeSettings } = await import("./src/install/settings/merge.ts");
        const { writeFileAtomic } = await import("./src/base/atomic-file.ts");
        const desired = { keys: { "amp.example": ${JSON.stringify(wantedValue)} }, mcpServers: {}, requiredPermissions: [] };
        const { text } = mergeSettings(before, desired, {});
        const size = Buffer.byteLength(text);
        let old = 0, fresh = 0, tried = 0;
        for (let at = 0; at <= size + 1; at++) {
          fs.writeFileSync(settings, before);
          room = at;
          try { writeFileAtomic(settings, text); } catch (error) { if (error.code !== "ENOSPC") throw error; }
          room = Infinity;
          const now = fs.readFileSync(settings, "utf8");
          tried++;
          if (now === before) old++;
          else if (now === text) fresh++;
        }
        process.stdout.write(JSON.stringify({ tried, old, fresh }));
      `,
      resolveDir: process.cwd(),
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"],
    outfile: target,
    logLevel: "error",
  });
}
