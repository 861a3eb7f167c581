import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { moduleRoot } from "./support/terraform.ts";

const root = join(moduleRoot, "src");
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

interface Import {
  /** Relative to src/, such as `start/start.ts`. */
  from: string;
  /** Relative to src/ where it is a file of ours, else the package as written. */
  to: string;
  isOwn: boolean;
}

/** Static and dynamic imports and re-exports; a comment that looks like one is none. */
function importsOf(from: string, source: string): Import[] {
  const found = withoutComments(source).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']/g);
  return [...found].map(([, target = ""]) => {
    const isOwn = target.startsWith(".");
    return { from, isOwn, to: isOwn ? relative(root, join(root, dirname(from), target)) : target };
  });
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

/** A file's text without the imports that leave no trace in the bundle. */
function withoutTypes(name: string): string {
  return readFileSync(join(root, name), "utf8").replace(/^import type [\s\S]*?;$/gm, "");
}

const imports = files.flatMap((name) => importsOf(name, readFileSync(join(root, name), "utf8")));
const folderOf = (name: string) => (name.includes("/") ? (name.split("/")[0] ?? "") : "");
const broken = (rule: (edge: Import) => boolean) =>
  imports.filter(rule).map(({ from, to }) => `${from} imports ${to}`);

test("every kind of import is seen", () => {
  const source = `import { a } from "./a.ts";
    import type { B } from "../b.ts";
    export { c } from './c.ts';
    import "node:fs";
    const d = await import("./d.ts");
    // import { no } from "./no.ts";
    /* import { no } from "./no.ts"; */`;
  expect(importsOf("x/y.ts", source).map(({ to }) => to)).toEqual([
    "x/a.ts",
    "b.ts",
    "x/c.ts",
    "node:fs",
    "x/d.ts",
  ]);
  expect(files.length).toBeGreaterThan(40);
  expect(imports.length).toBeGreaterThan(100);
});

test("every import of ours names a file that is there", () => {
  expect(broken(({ to, isOwn }) => isOwn && !files.includes(to) && !to.endsWith(".json"))).toEqual([]);
});

/** What each room may import from beside itself; the rooms that are not named here stand above all of these. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  base: [],
  agentapi: ["base"],
  amp: ["base"],
  // For Amp's plugin, the stream agent and the commands alike.
  status: ["base", "amp", "module"],
  // It translates between the protocol and Amp's stream.
  acp: ["base", "amp", "status"],
  server: ["base", "agentapi", "amp", "acp", "status", "module"],
  conversation: ["base", "agentapi", "amp", "acp", "server", "module"],
  install: ["base", "amp", "status", "module"],
  start: ["base", "agentapi", "amp", "conversation", "server", "module"],
  stop: ["base", "agentapi", "conversation", "server", "status", "module"],
  operate: ["base", "agentapi", "amp", "conversation", "server", "install", "status", "module"],
  approvals: ["base", "agentapi", "amp", "acp", "chat", "module"],
  chat: ["base", "agentapi", "amp", "server", "install", "operate", "module"],
};
/** Files directly in src/: the module's configuration, paths and context, and the entries. */
const roomOf = (name: string) => folderOf(name) || "module";

test.each(Object.entries(MAY_IMPORT))("src/%s imports only from the rooms below it", (room, below) => {
  expect(files.some((name) => roomOf(name) === room)).toBe(true);
  const isForbidden = ({ from, to, isOwn }: Import) =>
    isOwn && roomOf(from) === room && roomOf(to) !== room && !below.includes(roomOf(to));
  expect(broken(isForbidden)).toEqual([]);
});

test("the entries are at the top: nobody imports them", () => {
  expect(broken(({ to }) => ["cli.ts", "tools.ts", "acp/main.ts", "status/plugin.ts"].includes(to))).toEqual(
    [],
  );
});

/** Files and packages that an entry brings along at run time, each with the file that imports it. */
function reachedFrom(entry: string): Map<string, string> {
  const reached = new Map([[entry, "nobody"]]);
  for (const name of reached.keys()) {
    if (!files.includes(name)) continue;
    for (const { to } of importsOf(name, withoutTypes(name))) if (!reached.has(to)) reached.set(to, name);
  }
  return reached;
}

test("the start script's bundle has nothing that only people use", () => {
  const reached = reachedFrom("cli.ts");
  const isForPeople = (name: string) =>
    ["chat", "operate", "run"].includes(folderOf(name)) ||
    /^(commander|commands\/(?!(alone|install|logged|start|stop)\.ts)[\w-]+\.ts|tools\.ts|install\/prebake.*|amp\/(run|execute|input|decode|lines|events|answer|settings)\.ts)$/.test(
      name,
    );
  expect([...reached].filter(([name]) => isForPeople(name))).toEqual([]);
  expect(reached.size).toBeGreaterThan(60);
  // The rule sees what it forbids.
  const tools = [...reachedFrom("tools.ts").keys()].filter(isForPeople);
  expect(tools).toEqual(
    expect.arrayContaining([
      "commander",
      "chat/say.ts",
      "commands/status.ts",
      "operate/doctor/examine.ts",
      "run/run.ts",
      "amp/execute.ts",
      "install/prebake.ts",
    ]),
  );
});

/** Facts that have one owner: what names them, and the files or room that may. */
const OWNERS: Record<string, [names: RegExp, owner: RegExp]> = {
  "programs are started": [/(?<!import type .*)from "node:child_process"/, /^base\/child\.ts$/],
  "Amp's folders and files": [
    /\.amp\/|"\.amp"|\.npm-global|"amp", "(settings|session|history)|\/etc\/ampcode|AMP_CLI_PATH"\]/,
    /^amp\/places\.ts$/,
  ],
  "Amp's flags": [/"--(execute|stream-json\S*|mcp-config|no-archive\S*)"/, /^amp\//],
  "who can see a thread": [/"unlisted"/, /^amp\/options\.ts$/],
  "what masks a secret": [/\[redacted\]/, /^base\/redact\.ts$/],
  "how a shell is quoted to": [/'\\\\''/, /^base\/shell\.ts$/],
  "what a version looks like": [/\\d\+\\+\.\\+d/, /^base\/version\.ts$/],
  "what steers a terminal": [
    /stripVTControlCharacters|replace\(\/\[[^\]]*(\\u007f|\\p\{Cc\})|\\u001b\\\[\|\\u009b\)\[0/,
    // The second is a package of its own one day.
    /^(base\/harmless|agentapi\/errors)\.ts$/,
  ],
  "how a text is pasted": [/\[20[01]~|\)20[01]~/, /^amp\/paste\.ts$/],
  "a person's answer": [/"yes" \| "(no|always)"/, /^amp\/approval-dialog\.ts$/],
  "XDG folders": [/"XDG_/, /^base\/xdg\.ts$/],
  "the same file or another": [/\bmtimeMs\].join/, /^base\/probe-cache\.ts$/],
  "where prebaked programs are": [/\/opt\/amp-module/, /^paths\.ts$/],
};

test.each(Object.entries(OWNERS))("%s: one owner", (_fact, [names, owner]) => {
  const naming = files.filter((name) => names.test(withoutComments(readFileSync(join(root, name), "utf8"))));
  expect(naming.filter((name) => !owner.test(name))).toEqual([]);
  // The rule sees what it forbids.
  expect(naming).not.toEqual([]);
});

test("no file imports itself in a circle at run time", () => {
  const edges = new Map<string, string[]>();
  for (const name of files) {
    edges.set(
      name,
      importsOf(name, withoutTypes(name)).flatMap(({ to, isOwn }) => (isOwn ? [to] : [])),
    );
  }
  const done = new Set<string>();
  function circleFrom(name: string, trail: string[]): string[] | undefined {
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of edges.get(name) ?? []) {
      const circle = circleFrom(next, [...trail, name]);
      if (circle) return circle;
    }
    done.add(name);
    return undefined;
  }
  expect(files.flatMap((name) => circleFrom(name, [])?.join(" → ") ?? [])).toEqual([]);
});

test("zod comes as zod/mini: the plain entry alone makes the bundle several times larger", () => {
  expect(broken(({ to }) => /^zod(\/|$)/.test(to) && to !== "zod/mini")).toEqual([]);
});

test("node's own modules are named with node:", () => {
  const bare = /^(fs|path|os|child_process|crypto|net|http|https|url|util|stream|timers|events|zlib)(\/|$)/;
  expect(broken(({ to, isOwn }) => !isOwn && bare.test(to))).toEqual([]);
});

/** The entries of what is in packages/, and what they need: everything that they list is their user's. */
const PACKAGE_ENTRIES = {
  "agentapi/index.ts": ["eventsource-parser", "zod/mini"],
  "amp/index.ts": ["jsonc-parser", "zod/mini"],
};

test.each(Object.entries(PACKAGE_ENTRIES))("%s needs these packages only", (entry, packages) => {
  const needed = [...reachedFrom(entry).keys()].filter((name) => !files.includes(name));
  expect(needed.filter((name) => !name.startsWith("node:")).sort()).toEqual(packages);
});

test("there is one way to fetch and one reader of server-sent events", () => {
  const using = (pattern: RegExp) => files.filter((name) => pattern.test(withoutTypes(name)));
  expect(using(/(?<![.#\w])fetch\((?!\{)|\brequest\(url,/)).toEqual(["base/http.ts", "base/proxied-http.ts"]);
  expect(using(/eventsource-parser/)).toEqual(["base/server-sent-events.ts"]);
});

test("no barrel but a package's entry, no drawer for leftovers", () => {
  const entries = Object.keys(PACKAGE_ENTRIES);
  expect(broken(({ to }) => entries.includes(to))).toEqual([]);
  const named = files.filter((name) => /^(index|utils?|helpers?|misc|common)\.ts$/.test(basename(name)));
  expect(named.sort()).toEqual(entries);
  const barrels = files.filter((name) => {
    const code = readFileSync(join(root, name), "utf8")
      .replace(/\/\*[\s\S]*?\*\//g, "")
      .trim();
    return (
      code !== "" &&
      code.split(";").every((part) => /^\s*(export\s+(type\s+)?(\*|\{)[\s\S]*from|\s*$)/.test(part))
    );
  });
  expect(barrels.sort()).toEqual(entries);
});

test("Terraform's tests stand in the module's root alone: the registry runs them in each folder that has some", () => {
  const found = ["test", "examples", "tools"].flatMap((folder) =>
    readdirSync(join(moduleRoot, folder), { recursive: true, encoding: "utf8" }),
  );
  expect(found.filter((name) => name.endsWith(".tftest.hcl"))).toEqual([]);
  const inRoot = readdirSync(moduleRoot);
  const beside = inRoot.flatMap((name) =>
    name.endsWith(".tftest.hcl") ? [name.replace(".tftest.hcl", ".tf")] : [],
  );
  expect(beside).toContain("main.tf");
  expect(inRoot).toEqual(expect.arrayContaining(beside));
});
