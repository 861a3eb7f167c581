import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { Config } from "../../src/config.ts";
import { writeStatusPlugin } from "../../src/install/status-plugin.ts";
import { statusPlugin } from "../../tools/bundle.ts";
import { installContext } from "./install-context.ts";

function setUp(config: Partial<Config> = {}) {
  const setup = installContext(config);
  const { context, log } = setup;
  const plugin = join(context.paths.ampPlugins, `coder-status-${context.config.app_slug}.ts`);
  return {
    ...setup,
    plugin,
    write: (changed: Partial<Config> = {}) =>
      writeStatusPlugin({ ...context, config: { ...context.config, ...changed } }, log),
  };
}

test("the plugin is where Amp looks for it, and names whose it is", async () => {
  const { write, plugin } = setUp();
  write();
  const text = readFileSync(plugin, "utf8");
  expect(text).toMatch(/^\/\/ Coder status, kept by the Amp module: .*"amp"/);
  expect(text.endsWith(await statusPlugin())).toBe(true);
});

test("another code replaces it; the same is not written again", () => {
  const { write, plugin, logged } = setUp();
  write();
  const text = readFileSync(plugin, "utf8");
  write();
  expect(logged().match(/wrote the plugin/g)).toHaveLength(1);
  writeFileSync(plugin, `${text.split("\n")[0]}\n// an earlier version's\n`);
  write();
  expect(readFileSync(plugin, "utf8")).toBe(text);
});

test.each<Partial<Config>>([
  { status_reports: "off" },
  { status_reports: "coder-mcp" },
  { status_app: "" },
  { transport: "stream" },
])("with %o it is taken away, and its empty folder", (changed) => {
  const { write, plugin } = setUp();
  write();
  write(changed);
  expect(existsSync(dirname(plugin))).toBe(false);
});

test("the user's plugins and another instance's stay, also when ours goes", () => {
  const { write, plugin } = setUp({ app_slug: "amp-two" });
  const own = join(dirname(plugin), "own.ts");
  const other = join(dirname(plugin), "coder-status-amp.ts");
  mkdirSync(dirname(plugin), { recursive: true });
  writeFileSync(own, "// mine");
  writeFileSync(other, "// other");
  write();
  write({ status_reports: "off" });
  expect([own, other].map((path) => readFileSync(path, "utf8"))).toEqual(["// mine", "// other"]);
  expect(existsSync(plugin)).toBe(false);
});

test("a file of that name that is not ours stays, and the log says so", () => {
  const { write, plugin, logged } = setUp();
  mkdirSync(dirname(plugin), { recursive: true });
  writeFileSync(plugin, "// mine");
  write();
  write({ status_reports: "off" });
  expect(readFileSync(plugin, "utf8")).toBe("// mine");
  expect(logged()).toMatch(/is not the module's and stays as it is/);
});

test("nothing wanted and nothing there: nothing is made", () => {
  const { write, context } = setUp();
  write({ status_reports: "off" });
  expect(existsSync(context.paths.ampPlugins)).toBe(false);
});

test("a place that cannot be written fails nothing", () => {
  const { write, context, logged } = setUp();
  mkdirSync(dirname(context.paths.ampPlugins), { recursive: true });
  writeFileSync(context.paths.ampPlugins, "a file in the folder's place");
  write();
  expect(logged()).toMatch(/could not be written .*so Amp reports no status/);
});
