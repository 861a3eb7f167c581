import { expect, test } from "vitest";
import { prebakeCommand } from "../../src/commands/prebake.ts";
import { variableDefaults } from "../support/variable-defaults.ts";

const defaults = variableDefaults;
const options = prebakeCommand().options.map(({ long = "", defaultValue }) => ({
  name: long.replace(/^--/, "").replaceAll("-", "_"),
  defaultValue,
}));

test.each(options)("$name means the variable of that name, with its default", ({ name, defaultValue }) => {
  expect(Object.keys(defaults)).toContain(name);
  // An option that is left out is "" or false, as these variables' defaults are.
  expect(defaultValue ?? (name === "install_via_npm" ? false : "")).toBe(defaults[name]);
});
