import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ensureAmp } from "../../../src/install/amp/ensure.ts";
import { tinyAmp, wanted } from "../../install-faults/programs.ts";
import { startFileServer } from "../../support/file-server.ts";
import { installContext } from "../install-context.ts";

/** Runs the official route with an installer that puts this Amp into its home, and does `more` there. */
async function install(amp: string, more = "") {
  const script = `set -eu
mkdir -p "$HOME/.amp/bin"
cat >"$HOME/.amp/bin/amp" <<'AMP'
${amp}AMP
chmod 755 "$HOME/.amp/bin/amp"
${more}
echo "inode $(ls -iL "$HOME/.amp/bin/amp")"
`;
  const server = await startFileServer({ "/install.sh": script });
  onTestFinished(() => server.close());
  const { context, log, logged } = installContext({ amp_installer_url: `${server.url}/install.sh` });
  const { home } = context.paths;
  const calls = join(home, "calls");
  Object.assign(context.env, { AMP_CALLS: calls, HOME: home, PATH: process.env["PATH"] });
  const installed = await ensureAmp(context, log);
  const inodes = [...logged().matchAll(/inode (\d+)/g)].map(([, inode]) => Number(inode));
  return {
    installed,
    inodes,
    logged,
    path: join(home, ".amp/bin/amp"),
    calls: existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n").sort() : [],
    left: readdirSync(join(home, ".amp/bin")).filter((name) => name !== "amp"),
  };
}

test("a new Amp is asked once what it is and what it can, and is moved into place, not copied", async () => {
  const { installed, path, calls, inodes, left } = await install(tinyAmp(wanted));
  expect(installed).toMatchObject({ path, version: wanted, flags: expect.arrayContaining(["--mode"]) });
  expect(calls).toEqual(["--help", "--version"]);
  expect(inodes).toEqual([statSync(path).ino]);
  expect(left).toEqual([]);
});

test("one that the installer has only linked to is copied, and stays where it is", async () => {
  const elsewhere = 'mv "$HOME/.amp/bin/amp" "$HOME/../shared"; ln -s "$HOME/../shared" "$HOME/.amp/bin/amp"';
  const { installed, path, calls, inodes, left } = await install(tinyAmp(wanted), elsewhere);
  expect(installed).toMatchObject({ path, version: wanted });
  expect(calls).toEqual(["--help", "--version"]);
  expect(inodes).not.toEqual([statSync(path).ino]);
  expect(statSync(path).isFile()).toBe(true);
  expect(left).toEqual([]);
});

test("one that runs only where it was installed is installed there", async () => {
  const needsTheRest =
    '#!/bin/sh\n[ -e "$(dirname "$0")/rest" ] || { echo "the rest is missing" >&2; exit 1; }\n';
  const amp = needsTheRest + tinyAmp(wanted).replace("#!/bin/sh\n", "");
  const { installed, path, logged, left } = await install(amp, 'touch "$HOME/.amp/bin/rest"');
  expect(installed).toMatchObject({ path, version: wanted });
  expect(logged()).toContain("cannot be moved, so it is installed in place");
  expect(left).toEqual(["rest"]);
});
