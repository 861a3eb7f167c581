import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { userName } from "../../src/base/user-names.ts";
import { foreignOwner } from "../../src/operate/owner.ts";
import { modulePaths } from "../../src/paths.ts";

const here = dirname(fileURLToPath(import.meta.url));
const owner = statSync(here).uid;
const paths = modulePaths(here, here);

test("a module of one's own, and none at all, are nobody else's", () => {
  expect(foreignOwner(paths, "status", owner)).toBeUndefined();
  expect(foreignOwner(modulePaths(join(here, "missing"), here), "status", owner + 1)).toBeUndefined();
});

test("who is not the owner is told both, and a command to copy", () => {
  const name = userName(owner) ?? `user ${owner}`;
  expect(foreignOwner(paths, "status", 987_654)).toEqual({
    belongs: `belongs to ${name} (uid ${owner}), and you are user 987654 (uid 987654)`,
    fix: `Run it as ${name}: sudo -u ${userName(owner) ?? `'#${owner}'`} -H ${paths.launcher} status`,
  });
});
