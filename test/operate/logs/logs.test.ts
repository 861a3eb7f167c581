import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LogReader } from "../../../src/operate/logs/entry.ts";
import { FollowedLog } from "../../../src/operate/logs/follow.ts";
import { type ShowOptions, showLogs } from "../../../src/operate/logs/show.ts";
import { readLogTail } from "../../../src/operate/logs/tail.ts";
import { painter } from "../../../src/operate/style.ts";
import { type ExampleContext, exampleContext } from "../../start/example.ts";

let context: ExampleContext;
let written: string[];
beforeEach(() => {
  context = exampleContext();
  written = [];
});
afterEach(() => rmSync(context.paths.home, { recursive: true, force: true }));

function show(options: Partial<ShowOptions> = {}): Promise<void> {
  return showLogs({
    paths: context.paths,
    env: {},
    name: undefined,
    lines: 50,
    previous: false,
    follow: false,
    paint: painter({}, {}),
    now: () => new Date("2026-09-23T12:00:00Z"),
    redact: (text) => text.replaceAll("s3cret", "[redacted]"),
    write: (line) => void written.push(line),
    signal: new AbortController().signal,
    ...options,
  });
}

const texts = () => written.map((line) => line.replace(/^[-\d: ]+ /, ""));
const own = (time: string, level: string, text: string) =>
  `2026-09-23T${time}.000Z ${level.padEnd(5)} ${text}\n`;

test("the module's lines, AgentAPI's and Amp's are read; others belong to the moment of the line before", () => {
  const reader = new LogReader();
  const time = "2026-09-23T10:00:00.000Z";
  expect(
    [
      `${time} WARN  careful`,
      "plain",
      'time=2026-09-23T12:00:00+02:00 level=ERROR msg="it \\"broke\\"" id=5',
      '{"@timestamp":"2026-09-23T10:00:00.000Z","level":"INFO","message":"Hi","logger":"","pid":1,"mode":"x"}',
      '{"other":1}',
      `${time} ERROR \u001b[2Jwiped\u001b]0;title\u0007`,
    ].map((line) => reader.read(line)),
  ).toEqual([
    { time, level: "WARN", text: "careful" },
    { time, level: "", text: "plain" },
    { time, level: "ERROR", text: 'AgentAPI: it "broke" id=5' },
    { time, level: "INFO", text: "Hi mode=x" },
    { time, level: "", text: '{"other":1}' },
    { time, level: "ERROR", text: "wiped" },
  ]);
});

test("all logs by time, without secrets, noise and escapes; the last ones only", async () => {
  const { paths } = context;
  writeFileSync(paths.installLog, own("10:00:00", "INFO", "one") + own("10:00:04", "ERROR", "four s3cret"));
  writeFileSync(
    paths.startLog,
    `${own("10:00:02", "INFO", "two")}three \u001b[31mred\ntime=2026-09-23T10:00:03Z level=INFO msg="New subscriber" subscriberId=1\n`,
  );
  await show();
  expect(texts()).toEqual([
    "install one",
    "start   two",
    "start   three red",
    "install ERROR four [redacted]",
  ]);
  written = [];
  await show({ lines: 2 });
  expect(texts()).toEqual(["start   three red", "install ERROR four [redacted]"]);
  written = [];
  await show({ name: "install", lines: 1 });
  expect(texts()).toEqual(["ERROR four [redacted]"]);
});

test("the run before, and a log that is not there", async () => {
  writeFileSync(`${context.paths.startLog}.1`, own("09:00:00", "INFO", "earlier"));
  await show({ name: "start", previous: true });
  expect(texts()).toEqual(["earlier"]);
  await expect(show({ name: "post" })).rejects.toThrow(/There is no .*post_install\.log/);
  await expect(show()).rejects.toThrow(/no logs yet/);
});

test("colours on a terminal only", async () => {
  writeFileSync(context.paths.startLog, own("10:00:00", "ERROR", "bad"));
  await show({ name: "start", paint: painter({ isTTY: true }, {}) });
  expect(written[0]).toContain("\u001b[31mERROR bad\u001b[0m");
  expect(painter({ isTTY: true }, { NO_COLOR: "1" })("red", "x")).toBe("x");
  expect(painter({ isTTY: true }, { TERM: "dumb" })("red", "x")).toBe("x");
  expect(painter({}, {})("red", "x")).toBe("x");
});

test.each([0, 1, 3, 10_000])("the last %i lines of a long file with long lines", (count) => {
  const path = context.paths.startLog;
  const lines = Array.from({ length: 3000 }, (_, index) => `line ${index} ${"ü".repeat(index % 97)}`);
  lines[1500] = "x".repeat(200_000);
  writeFileSync(path, `${lines.join("\n")}\n`);
  expect(readLogTail(path, count).map(({ text }) => text)).toEqual(count === 0 ? [] : lines.slice(-count));
});

test("following: what is added, half lines, a new file, a file cut short, one that appears", () => {
  const path = context.paths.startLog;
  const log = new FollowedLog(path);
  const next = () => log.next().map(({ text }) => text);
  expect(next()).toEqual([]);
  writeFileSync(path, own("10:00:00", "INFO", "first"));
  expect(next()).toEqual(["first"]);
  appendFileSync(path, "half");
  expect(next()).toEqual([]);
  appendFileSync(path, " a line\nünï".slice(0, 10));
  expect(next()).toEqual(["half a line"]);
  appendFileSync(path, "\nold end\n");
  renameSync(path, `${path}.1`);
  expect(next()).toContain("old end");
  writeFileSync(path, own("10:00:01", "INFO", "new file"));
  expect(next()).toEqual(["new file"]);
  truncateSync(path, 0);
  appendFileSync(path, "short\n");
  expect(next()).toEqual(["short"]);
  log.close();
});

test("the end and what follows it: no line twice, none lost, until the signal", async () => {
  const path = context.paths.startLog;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${own("10:00:00", "INFO", "one")}unfin`);
  const stop = new AbortController();
  const shown = show({ name: "start", follow: true, signal: stop.signal });
  appendFileSync(path, "ished\n");
  await expect.poll(texts).toEqual(["one", "unfinished"]);
  renameSync(path, `${path}.1`);
  writeFileSync(path, own("10:00:05", "INFO", "again"));
  await expect.poll(texts).toEqual(["one", "unfinished", "again"]);
  stop.abort();
  await shown;
});
