import { defineConfig } from "vitest/config";
import HeavyFirst from "./test/support/suite/heavy-first.ts";
import { quietFiles } from "./test/support/suite/quiet-files.ts";
import { statusPlugin } from "./tools/bundle.ts";
import { definedDefaults } from "./tools/variables.ts";

const quiet = quietFiles(import.meta.dirname);

export default defineConfig({
  define: {
    VARIABLE_DEFAULTS: JSON.stringify(definedDefaults()),
    STATUS_PLUGIN: JSON.stringify(await statusPlugin()),
  },
  test: {
    projects: [
      { extends: true, test: { name: "own process", include: ["test/**/*.test.ts"], exclude: quiet } },
      { extends: true, test: { name: "shared process", include: quiet, isolate: false } },
    ],
    globalSetup: ["test/support/global-setup.ts"],
    // Tests start real servers and change process state; a fork cannot disturb another one.
    pool: "forks",
    // More than this machine's cores: the tests wait more than they compute.
    maxWorkers: 4,
    sequence: { sequencer: HeavyFirst },
    // Real programs race on a loaded machine: a failure counts where it comes twice.
    retry: 1,
    // Wherever a test waits for a process: a machine may be many times slower than the one it was written on.
    expect: { poll: { timeout: 20_000 } },
    testTimeout: 90_000,
    hookTimeout: 120_000,
  },
});
