import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createContext } from "../src/context.ts";
import { modulePaths } from "../src/paths.ts";
import { keptAnswer } from "../src/remote-answers.ts";
import { makeFolder } from "./base/folder.ts";
import { exampleConfig } from "./start/example.ts";

test("every run masks what the template, its addresses and their last answers hold", () => {
  const home = makeFolder();
  const paths = modulePaths(join(home, ".amp-module"), home);
  mkdirSync(paths.state, { recursive: true });
  const address = "https://mcp.example.com/list?t=from-the-query";
  const config = exampleConfig({
    mcp: JSON.stringify({ one: { command: "a", env: { A: "from-the-template" } } }),
    mcp_config_remote_path: [address],
    amp_installer_url: "https://mirror.example.com/install.sh?t=from-a-mirror",
  });
  writeFileSync(paths.config, JSON.stringify(config));
  writeFileSync(
    keptAnswer(address, paths),
    JSON.stringify({ two: { url: "https://x", headers: { Authorization: "Bearer from-an-answer" } } }),
  );
  writeFileSync(join(paths.state, "remote-mcp-damaged.json"), "{");
  const { redact } = createContext(paths.bundle, { HOME: home, MY_TOKEN: "from-the-env" });
  for (const secret of ["template", "query", "a-mirror", "an-answer", "env"]) {
    const value = secret.startsWith("a") ? `from-${secret}` : `from-the-${secret}`;
    expect(redact(`x ${value} y`)).toBe("x [redacted] y");
  }
});

test("what a script tells names files from the home; its log has whole paths, and so has an error", () => {
  const home = makeFolder();
  const paths = modulePaths(join(home, ".amp-module"), home);
  mkdirSync(paths.state, { recursive: true });
  writeFileSync(paths.config, JSON.stringify(exampleConfig()));
  const written: string[] = [];
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, "write").mockImplementation((text) => written.push(String(text)) > 0);
  const log = createContext(paths.bundle, { HOME: home }).openLog(paths.installLog, { rotate: true });
  log.tell(`Amp in ${home}/.amp/bin/amp`);
  log.error(`${home}/x is missing.`);
  vi.restoreAllMocks();
  expect(written.join("")).toBe(`✓ Amp in ~/.amp/bin/amp\nerror: ${home}/x is missing.\n`);
  expect(readFileSync(paths.installLog, "utf8")).toContain(`Amp in ${home}/.amp/bin/amp\n`);
});
