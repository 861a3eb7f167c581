import { expect, test } from "vitest";
import { withOldPrompts } from "../src/deprecated.ts";
import { exampleConfig } from "./start/example.ts";

const old = { SOURCEGRAPH_AMP_TASK_PROMPT: "do it", SOURCEGRAPH_AMP_SYSTEM_PROMPT: "be kind\n" };

test("the oldest module's environment is taken, with a warning for each that names the new variable", () => {
  const { ai_prompt, instruction_prompt, warnings } = withOldPrompts(
    exampleConfig({ warnings: ["of the plan"] }),
    old,
  );
  expect({ ai_prompt, instruction_prompt }).toEqual({ ai_prompt: "do it", instruction_prompt: "be kind\n" });
  expect(warnings).toEqual([
    "of the plan",
    expect.stringMatching(/SOURCEGRAPH_AMP_TASK_PROMPT is deprecated.*\bai_prompt\b/),
    expect.stringMatching(/SOURCEGRAPH_AMP_SYSTEM_PROMPT is deprecated.*\binstruction_prompt\b/),
  ]);
});

test("what the template gives wins, without a warning", () => {
  const config = exampleConfig({ ai_prompt: "new", instruction_prompt: "rules" });
  expect(withOldPrompts(config, old)).toEqual(config);
});

test.each([
  {},
  { SOURCEGRAPH_AMP_TASK_PROMPT: "", SOURCEGRAPH_AMP_SYSTEM_PROMPT: " \n" },
])("%j is nothing", (env) => expect(withOldPrompts(exampleConfig(), env)).toEqual(exampleConfig()));
