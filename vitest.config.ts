import { defineConfig } from "vitest/config";
import HeavyFirst from "./test/support/suite/heavy-first.ts";
import { statusPlugin } from "./tools/bundle.ts";
import { definedDefaults } from "./tools/variables.ts";

export default defineConfig({
  define: {
    VARIABLE_DEFAULTS: JSON.stringify(definedDefaults()),
    STATUS_PLUGIN: JSON.stringify(await statusPlugin()),
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    // Tests start real servers and change process state; a fork cannot disturb another one.
    pool: "forks",
    // More than this machine's cores: the tests wait more than they compute.
    maxWorkers: 4,
    sequence: { sequencer: HeavyFirst },
    // Real programs race on a loaded machine: a failure counts where it comes twice.
    retry: 1,
    testTimeout: 90_000,
    hookTimeout: 120_000,
  },
});
