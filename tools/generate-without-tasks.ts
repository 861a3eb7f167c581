import { readFileSync } from "node:fs";

/** Files of the root module that `modules/without-tasks` has just the same. */
const SHARED = ["main.tf", "variables.tf", "deprecated.tf", "checks.tf", "known-names.tf", "outputs.tf"];

/** The shared files as they stand in `modules/without-tasks`: only the way to the scripts is another one. */
export function generateWithoutTasks(): { path: string; text: string }[] {
  return SHARED.map((name) => {
    const header = `# Generated from ../../${name} by \`npm run generate\`: do not edit.\n\n`;
    const text = readFileSync(name, "utf8").replaceAll(`\${path.module}/`, `\${path.module}/../../`);
    return { path: `modules/without-tasks/${name}`, text: header + text };
  });
}
