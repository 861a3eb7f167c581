import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

let workspace: Workspace | undefined;
afterEach(() => workspace?.dispose());

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

test("the caller's umask reaches the agent, its tools and the user's scripts; the module's own files are private", async () => {
  const script = (name: string) => `umask >"$HOME/${name}"; mkdir "$HOME/${name}-folder"`;
  const at = await createWorkspace({
    variables: { pre_install_script: script("pre"), post_install_script: script("post") },
  });
  workspace = at;
  const result = await at.run(`umask 027\n${at.scripts.start}`);
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });

  for (const name of ["pre", "post"]) {
    expect((await readFile(join(at.home, name), "utf8")).trim(), name).toBe("0027");
    expect(await modeOf(join(at.home, `${name}-folder`)), name).toBe("750");
  }
  expect(await modeOf(at.workdir)).toBe("750");
  const running = await at.processes();
  expect(running.length).toBeGreaterThanOrEqual(3);
  for (const { pid, cmdline } of running) {
    expect(await readFile(`/proc/${pid}/status`, "utf8"), cmdline).toContain("Umask:\t0027");
  }

  const own = await readdir(at.moduleDir, { recursive: true, withFileTypes: true });
  const open: string[] = [];
  for (const entry of own.filter((other) => !other.isSymbolicLink())) {
    const path = join(entry.parentPath, entry.name);
    if (((await stat(path)).mode & 0o077) !== 0) open.push(path);
  }
  expect(open).toEqual([]);
});
