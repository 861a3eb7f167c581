import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { identifyProcess } from "../../src/base/process-identity.ts";
import { runUserScript } from "../../src/install/user-script.ts";
import { installContext, writeProgram } from "./install-context.ts";

function setUp(text: string, env: Record<string, string> = {}) {
  const setup = installContext({}, env);
  const { script, log: path } = setup.context.paths.preInstall;
  writeProgram(script, text);
  return { ...setup, path, own: () => readFileSync(path, "utf8") };
}

test("without a script nothing happens", async () => {
  const { context, log, logged } = installContext();
  await runUserScript("pre_install_script", context, log);
  await runUserScript("post_install_script", context, log);
  expect(logged()).toBe("");
  expect(existsSync(context.paths.preInstall.log)).toBe(false);
});

describe("a script", () => {
  test("runs in the home with the agent's environment; both its streams go to a log of its own", async () => {
    const { context, log, own, path, logged } = setUp('#!/bin/sh\npwd\necho "$FOO" >&2\n', {
      FOO: "from the template",
    });
    await runUserScript("pre_install_script", context, log);
    const lines = own().trimEnd().split("\n");
    expect(lines.map((line) => line.replace(/^\S+Z INFO {2}/, "")).sort()).toEqual(
      [context.paths.home, "from the template"].sort(),
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(logged()).toContain(`its output goes to ${path}`);
  });

  test.each([
    ["sh, where it names none", 'echo "args $#"; [ -z "$BASH_VERSION" ] || echo bash\n', /args 0\n/],
    [
      "the interpreter of its first line",
      `#!${process.execPath}\nconsole.log("node " + (1 + 1));\n`,
      /node 2\n/,
    ],
  ])("is read by %s", async (_name, text, wanted) => {
    const { context, log, own } = setUp(text);
    await runUserScript("pre_install_script", context, log);
    expect(own()).toMatch(wanted);
  });

  test("that fails stops the install, with its last lines and where to read on", async () => {
    const { context, log, path, own } = setUp(
      "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line-$i; done; exit 3\n",
    );
    const failed = runUserScript("pre_install_script", context, log);
    await expect(failed).rejects.toMatchObject({
      name: "ModuleError",
      message: expect.stringMatching(
        /^pre_install_script failed: exit code 3\. Its last lines:\nline-3\n[\s\S]*line-12$/,
      ),
      fix: expect.stringContaining(path),
    });
    expect(own()).toContain("line-1\n");
  });

  test.each([
    ["#!/bin/sh\r\nif true; then\r\n  printf 'a\\n'\r\nfi\r\n", "a\n"],
    ["#!/bin/sh\r\n# Zoë \xe4\r\nprintf 'in\rside\\n'\r\nprintf last\r", "in\nside\nlast\n"],
    ["for word in a b; do\r\n  echo $word\r\ndone", "a\nb\n"],
    [`#!${process.execPath}\r\nconsole.log("node");\r\n`, "node\n"],
  ])("with CRLF line ends runs without them, with a warning: %j", async (text, wanted) => {
    const { context, log, own, logged } = setUp("");
    const { script } = context.paths.preInstall;
    writeFileSync(script, Buffer.from(text, "latin1"));
    await runUserScript("pre_install_script", context, log);
    expect(own().replace(/^\S+Z INFO {2}/gm, "")).toBe(wanted);
    expect(logged()).toContain("pre_install_script: its lines end in CRLF");
    expect(readFileSync(context.paths.installLog, "utf8")).toMatch(/ WARN {2}pre_install_script: .*CRLF/);
    const bytes = text.replaceAll("\r\n", "\n").replace(/\r$/, "");
    expect(readFileSync(script, "latin1")).toBe(bytes);
    expect(statSync(script).mode & 0o777).toBe(0o755);
  });

  test("with a CRLF that is its content stays as it is", async () => {
    const text = "#!/bin/sh\ncat <<E\nGET / HTTP/1.1\r\nE\n";
    const { context, log, logged } = setUp(text);
    await runUserScript("pre_install_script", context, log);
    expect(readFileSync(context.paths.preInstall.script, "utf8")).toBe(text);
    expect(logged()).not.toContain("CRLF");
  });

  test("with an interpreter that is missing says so", async () => {
    const { context, log } = setUp("#!/no/such/interpreter\n");
    await expect(runUserScript("pre_install_script", context, log)).rejects.toThrow(
      /pre_install_script failed: exit code 12[67]/,
    );
  });

  test("may leave a daemon behind", async () => {
    const { context, log, own } = setUp('sleep 60 &\necho "daemon $!"\n');
    await runUserScript("pre_install_script", context, log);
    // It was not waited for: it can still be ended.
    process.kill(Number(own().match(/daemon (\d+)/)?.[1]), "SIGKILL");
  });

  test.each(["", " >&2"])("may leave one behind that goes on talking%s", async (stream) => {
    const { context, log, own } = setUp(
      `while :; do echo tick${stream}; sleep 0.1; done &\necho "daemon $!"\nsleep 0.3\n`,
    );
    await runUserScript("pre_install_script", context, log);
    const pid = Number(own().match(/daemon (\d+)/)?.[1]);
    onTestFinished(() => void process.kill(pid, "SIGKILL"));
    expect(own()).toContain("tick");
    await sleep(1_500);
    expect(identifyProcess(pid)).toBeDefined();
    expect(readdirSync(context.paths.moduleDir).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("runs where no FIFO can be made", async () => {
    const { context, log, own } = setUp("echo plain; echo error >&2\n");
    const folder = mkdtempSync(join(tmpdir(), "no-fifo-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeProgram(join(folder, "mkfifo"), "#!/bin/sh\nexit 1\n");
    context.env["PATH"] = `${folder}:${context.env["PATH"]}`;
    await runUserScript("pre_install_script", context, log);
    expect(own()).toMatch(/plain\n/);
    expect(own()).toMatch(/error\n/);
  });

  test("with a very long line is run to its end, and a secret in its last lines is masked whole", async () => {
    const key = "sgamp_user_0123456789abcdef";
    const { context, log, own } = setUp(
      `head -c 3000000 /dev/zero | tr '\\0' x; echo\nprintf '%s%03985d\\n' "$AMP_API_KEY" 7\nexit 3\n`,
      { AMP_API_KEY: key },
    );
    const error = await runUserScript("pre_install_script", context, log).catch((thrown: unknown) => thrown);
    expect(own()).toMatch(/x{1000} … \(\d+ more characters\)\n/);
    // The last 4000 characters begin inside of the key.
    expect(String(error)).toContain("00007");
    expect(String(error)).not.toMatch(/sgamp|abcdef/);
  });

  test("each run begins its log anew and keeps the one before", async () => {
    const { context, log, path, own } = setUp("echo run\n");
    await runUserScript("pre_install_script", context, log);
    await runUserScript("pre_install_script", context, log);
    expect(own().match(/run/g)).toHaveLength(1);
    expect(existsSync(`${path}.1`)).toBe(true);
  });
});

test("a script with CRLF that the launcher ran already is warned of in install.log, too", async () => {
  const { context, log, logged, path } = setUp("#!/bin/sh\r\nexit 1\r\n", {
    AMP_MODULE_PRE_INSTALL_DONE: "1",
  });
  await runUserScript("pre_install_script", context, log);
  expect(existsSync(path)).toBe(false);
  expect(logged()).toContain("pre_install_script: its lines end in CRLF");
});

test("the launcher ran the pre script already: only that one is left out", async () => {
  const { context, log, logged, path } = setUp("echo again\n", { AMP_MODULE_PRE_INSTALL_DONE: "1" });
  writeProgram(context.paths.postInstall.script, "echo post\n");
  await runUserScript("pre_install_script", context, log);
  await runUserScript("post_install_script", context, log);
  expect(existsSync(path)).toBe(false);
  expect(readFileSync(context.paths.postInstall.log, "utf8")).toContain("post");
  expect(logged()).toContain("pre_install_script: already run");
});
