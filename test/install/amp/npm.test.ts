import { expect, test } from "vitest";
import { npmArguments } from "../../../src/install/amp/npm.ts";

const install = {
  name: "@ampcode/cli",
  prefix: "/home/it's/npm-1",
  version: "0.0.200-gbbb",
  registryUrl: "",
  npmVersion: "11.19.0",
};

test("installs one exact version into a prefix of its own", () => {
  const args = npmArguments(install);
  expect(args.slice(0, 3)).toEqual(["install", "--global", "--prefix=/home/it's/npm-1"]);
  expect(args.at(-1)).toBe("@ampcode/cli@0.0.200-gbbb");
  expect(npmArguments({ ...install, version: undefined }).at(-1)).toBe("@ampcode/cli@latest");
});

test.each([
  ["11.19.0", true],
  ["12.0.0", true],
  ["10.9.2", false],
  ["8.0.0", false],
  [undefined, false],
])("allows the install script where npm %s knows how", (npmVersion, isAllowed) => {
  expect(npmArguments({ ...install, npmVersion }).includes("--allow-scripts=@ampcode/cli")).toBe(isAllowed);
});

test("names a registry only where the template does", () => {
  expect(npmArguments(install).join(" ")).not.toContain("--registry");
  expect(npmArguments({ ...install, registryUrl: "https://npm.example/r" })).toContain(
    "--registry=https://npm.example/r",
  );
});
