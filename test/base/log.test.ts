import { closeSync, existsSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ModuleError } from "../../src/base/errors.ts";
import { echoToTerminal, type Level, type LogOptions, openLog } from "../../src/base/log.ts";
import { makeFolder } from "./folder.ts";

function open(options: Partial<LogOptions> = {}) {
  const path = options.path ?? join(makeFolder(), "logs/install.log");
  const echoed: [string, Level][] = [];
  const log = openLog({
    path,
    level: "info",
    redact: (text) => text.replaceAll("hunter22", "***"),
    now: () => new Date("2026-01-02T03:04:05.678Z"),
    echo: (line, level) => echoed.push([line, level]),
    rotate: true,
    ...options,
  });
  return { log, path, echoed, text: () => readFileSync(path, "utf8") };
}

test("every line has a time and a level, those of a text with several too", () => {
  const { log, text, echoed } = open({ level: "debug" });
  log.debug("d");
  log.info("one\ntwo\r\nthree");
  log.warn("w");
  log.error("");
  expect(text()).toBe(
    ["DEBUG d", "INFO  one", "INFO  two", "INFO  three", "WARN  w", "ERROR "]
      .map((line) => `2026-01-02T03:04:05.678Z ${line}\n`)
      .join(""),
  );
  expect(echoed).toEqual([
    ["d", "debug"],
    ["one", "info"],
    ["two", "info"],
    ["three", "info"],
    ["w", "warn"],
    ["", "error"],
  ]);
});

describe("the script's output", () => {
  afterEach(() => vi.restoreAllMocks());

  test("tells what is done, what is on its way, warnings and errors, and leaves the rest to the log", () => {
    const told = { out: "", err: "" };
    for (const [to, stream] of [
      ["out", process.stdout],
      ["err", process.stderr],
    ] as const)
      vi.spyOn(stream, "write").mockImplementation((text) => {
        told[to] += text;
        return true;
      });
    const { log, text } = open({ level: "debug", echo: echoToTerminal });
    log.debug("detail");
    log.info("only in the log");
    log.tell("Amp is there");
    log.tell("40 %", "…");
    log.tell(`${"word ".repeat(15)}and thread T-0190c1b2, 20.7 s`);
    log.warn("careful");
    log.failure(new ModuleError("bad", "repair it"));
    expect(told).toEqual({
      out: `✓ Amp is there\n… 40 %\n✓ ${"word ".repeat(15)}and\n  thread T-0190c1b2, 20.7 s\nwarning: careful\n`,
      err: "error: bad\nerror: To fix it: repair it\n",
    });
    expect(text().split("\n")).toHaveLength(9);
  });
});

test("nothing that steers a terminal reaches the file or the terminal, nor does a secret between its parts", () => {
  const { log, text, echoed } = open();
  log.warn("\u001b]0;title\u0007server \u001b[2Jsays\r\n\u009b31mred hun\u001b[0mter22 over\rwritten");
  log.failure(new ModuleError("bad \u001b[8mhidden", "fix \u202eit"));
  const wanted = ["server says", "red *** overwritten", "bad hidden", "To fix it: fix it"];
  expect(echoed.map(([line]) => line)).toEqual(wanted);
  expect(
    text()
      .split("\n")
      .map((line) => line.slice(31)),
  ).toEqual([...wanted, ""]);
});

test.each([
  ["debug", "dwie"],
  ["info", "wie"],
  ["warn", "we"],
  ["error", "e"],
] as const)("level %s lets through and echoes nothing below it", (level, letters) => {
  const { log, text, echoed } = open({ level });
  log.debug("d");
  log.warn("w");
  log.info("i");
  log.error("e");
  expect(
    text()
      .split("\n")
      .map((line) => line.slice(31))
      .join(""),
  ).toBe(letters);
  expect(echoed.map(([line]) => line).join("")).toBe(letters);
});

test("secrets reach neither the file nor the terminal, in failures neither", () => {
  const { log, text, echoed } = open();
  log.info("key hunter22");
  log.failure(
    new ModuleError("bad hunter22", "use another hunter22", { cause: new Error("cause hunter22") }),
  );
  log.failure("thrown hunter22");
  expect(text() + JSON.stringify(echoed)).not.toContain("hunter22");
  expect(echoed).toEqual([
    ["key ***", "info"],
    ["bad *** (cause ***)", "error"],
    ["To fix it: use another ***", "error"],
    ["thrown ***", "error"],
  ]);
});

describe("rotation", () => {
  test("keeps the previous file and no older one", () => {
    const { path } = open();
    for (const text of ["first", "second", "third"]) {
      const { log } = open({ path });
      log.info(text);
      log.close();
    }
    expect(readFileSync(path, "utf8")).toContain("third");
    expect(readFileSync(`${path}.1`, "utf8")).toContain("second");
    expect(existsSync(`${path}.2`)).toBe(false);
  });

  test("without it lines are added", () => {
    const { log, path } = open();
    log.info("first");
    open({ path, rotate: false }).log.info("second");
    expect(readFileSync(path, "utf8")).toMatch(/first\n.*second\n$/);
    expect(existsSync(`${path}.1`)).toBe(false);
  });

  test("file and folder are private, a child can write to the file", () => {
    const { log, path, text } = open();
    log.info("ours");
    writeSync(log.file, "child's\n");
    log.info("ours again");
    expect(
      text()
        .split("\n")
        .map((line) => line.slice(-5)),
    ).toEqual([" ours", "ild's", "again", ""]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
  });
});

test("a line that the disk does not take is echoed all the same", () => {
  const full = existsSync("/dev/full") ? "/dev/full" : undefined;
  const { log, echoed } = open(full ? { path: full, rotate: false } : {});
  if (!full) closeSync(log.file);
  log.error("no space left");
  expect(echoed).toEqual([["no space left", "error"]]);
});
