import { oncePerRun } from "./run-folder.ts";

/** The variables' defaults by name, parsed once in a run: the parser of HCL takes nearly two seconds to load. */
export const variableDefaults = await oncePerRun("variable-defaults", async () => {
  const variables = await import("../../tools/variables.ts");
  return variables.variableDefaults();
});
