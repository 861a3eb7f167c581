import { expect, test } from "vitest";
import type { AmpRoute } from "../../../src/install/amp/route.ts";
import { routeFor } from "../../../src/install/amp/routes.ts";
import { exampleConfig } from "../../start/example.ts";

test.each([
  [false, "the official installer"],
  [true, "npm"],
])("install_via_npm = %s asks for %s", (install_via_npm, name) => {
  expect(routeFor(exampleConfig({ install_via_npm })).name).toBe(name);
});

test("a further route is a value in the list; who asks for none of them gets the official installer", () => {
  const tarball: AmpRoute = {
    name: "a mirror's tarball",
    isAskedFor: ({ amp_installer_url }) => amp_installer_url.endsWith(".tar.gz"),
    stage: () => Promise.reject(new Error("not tried here")),
    tries: 1,
    fix: "Check amp_installer_url.",
  };
  const asking = exampleConfig({ amp_installer_url: "https://mirror.example.com/amp.tar.gz" });
  expect(routeFor(asking, [tarball])).toBe(tarball);
  expect(routeFor(exampleConfig(), [tarball]).name).toBe("the official installer");
});
