import { afterEach, expect, test } from "vitest";
import { awkwardPrompt } from "../support/awkward-prompt.ts";
import { availableShells, shellNames } from "../support/shells.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

let workspace: Workspace | undefined;
afterEach(async () => workspace?.dispose());

const present = await availableShells();

for (const shell of shellNames) {
  test.skipIf(!present.includes(shell))(`the scripts start and stop the agent under ${shell}`, async () => {
    workspace = await createWorkspace({ shell, variables: { ai_prompt: awkwardPrompt } });
    const start = await workspace.start();
    expect(start, start.stderr).toMatchObject({ exitCode: 0, stderr: "", stdoutHeldOpen: false });
    expect((await workspace.prompts()).map(({ text }) => text)).toEqual([awkwardPrompt]);
    expect(await workspace.stop()).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await workspace.processes()).toEqual([]);
  });
}
