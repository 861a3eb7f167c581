import { appendFileSync, existsSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ensureAmp } from "../../../src/install/amp/ensure.ts";
import { startFileServer } from "../../support/file-server.ts";
import { installContext, writeProgram } from "../install-context.ts";

type Config = Parameters<typeof installContext>[0];

/** A home without any Amp, on a system without network: what an install would ask for is on a closed port. */
function setUp(config: Config = {}, env: Record<string, string> = {}) {
  const setup = installContext(
    { amp_installer_url: "http://127.0.0.1:1/install.sh", amp_update_check_hours: 24, ...config },
    env,
  );
  const { home } = setup.context.paths;
  const calls = join(home, "calls");
  setup.context.env["PATH"] = `${join(home, "path")}:/usr/bin:/bin`;
  return {
    ...setup,
    home,
    run: () => ensureAmp(setup.context, setup.log),
    /** How often any Amp was run. */
    calls: () => (existsSync(calls) ? readFileSync(calls, "utf8").length : 0),
    amp: (path: string, version: string) =>
      writeProgram(
        join(home, path),
        `#!/bin/sh
printf . >>'${calls}'
case $1 in
  --version) echo '${version} (released today)' ;;
  --help) printf 'Options:\\n  -m, --mode <value>\\n' ;;
esac
`,
      ),
    broken: (path: string) => writeProgram(join(home, path), "#!/bin/sh\necho stub >&2\nexit 1\n"),
  };
}

describe("an Amp that is there", () => {
  test.each(["", "latest", "1.2.3", "v1.2.3"])("is kept for amp_version %j", async (amp_version) => {
    const { run, amp, logged } = setUp({ amp_version });
    const path = amp(".amp/bin/amp", "1.2.3");
    expect(await run()).toMatchObject({ path, version: "1.2.3", flags: ["--mode"] });
    expect(logged()).toMatch(/1\.2\.3 in .*\.amp\/bin\/amp, wanted \S+: keep/);
  });

  test("is not run again while it is the same file", async () => {
    const { run, amp, calls } = setUp();
    const path = amp(".amp/bin/amp", "1.2.3");
    await run();
    const first = calls();
    expect(first).toBeGreaterThan(0);
    expect(await run()).toMatchObject({ path, version: "1.2.3" });
    expect(calls()).toBe(first);

    appendFileSync(path, "\n");
    utimesSync(path, 1, 1);
    await run();
    expect(calls()).toBeGreaterThan(first);
  });

  test("in the pinned version is taken, also behind another one", async () => {
    const { run, amp } = setUp({ amp_version: "2.0.0", install_amp: false });
    amp(".amp/bin/amp", "1.0.0");
    const path = amp("path/amp", "2.0.0");
    expect(await run()).toMatchObject({ path, version: "2.0.0" });
  });

  test("in another version is used with a word about it where none may be installed", async () => {
    const { run, amp, logged } = setUp({ amp_version: "9.9.9", install_amp: false });
    const path = amp("path/amp", "1.0.0");
    expect(await run()).toMatchObject({ path, version: "1.0.0" });
    expect(logged()).toMatch(/wanted 9\.9\.9, but install_amp is false/);
  });

  test("that does not run is passed over, with a warning that names it", async () => {
    const { run, amp, broken, logged } = setUp();
    const bad = broken(".amp/bin/amp");
    const path = amp("path/amp", "1.0.0");
    expect(await run()).toMatchObject({ path });
    expect(logged()).toContain(`${bad} does not run`);
  });

  test("that AMP_CLI_PATH names comes first", async () => {
    const { run, amp, context, home } = setUp();
    amp(".amp/bin/amp", "1.0.0");
    const path = amp("mine/amp", "1.1.0");
    context.env["AMP_CLI_PATH"] = join(home, "mine/amp");
    expect(await run()).toMatchObject({ path, version: "1.1.0" });
  });

  test("stays in use where installing the wanted one fails, with the reason and the fix", async () => {
    const server = await startFileServer();
    onTestFinished(() => server.close());
    const { run, amp, logged } = setUp({
      amp_version: "9.9.9",
      amp_installer_url: `${server.url}/install.sh`,
    });
    const path = amp(".amp/bin/amp", "1.0.0");
    expect(await run()).toMatchObject({ path, version: "1.0.0" });
    expect(server.count()).toBe(1);
    expect(logged()).toMatch(/install of Amp failed, so 1\.0\.0 in .* stays in use.*HTTP 404/);
    expect(logged()).toMatch(/To fix it: .*amp_installer_url/);
  });
});

test.each([
  [false],
  [true],
])("where there is none that runs (a broken one: %s) and none may be installed, the error says what to do", async (hasBroken) => {
  const { run, broken } = setUp({ install_amp: false });
  if (hasBroken) broken("path/amp");
  await expect(run()).rejects.toMatchObject({
    name: "ModuleError",
    fix: expect.stringContaining("install_amp = true"),
  });
});

test("a fresh Amp that does not run in its place is a failure like any other, while the rest is tidied up", async () => {
  const server = await startFileServer();
  onTestFinished(() => server.close());
  const { run, context } = setUp({ amp_installer_url: `${server.url}/install.sh` });
  const place = join(context.paths.home, ".amp/bin/amp");
  // One that cannot be moved, and is installed once more where it belongs.
  const program = `case $0:$1 in\n*/.amp-module-*.tmp:*) exit 2 ;;\n${place}:*) exit 3 ;;\n*:--version) echo 1.2.3 ;;\nesac`;
  server.set(
    "/install.sh",
    `mkdir -p ~/.amp/bin; printf '#!/bin/sh\n${program}\n' >~/.amp/bin/amp; chmod 755 ~/.amp/bin/amp`,
  );
  await expect(run()).rejects.toThrow(/exit code 3/);
});
