import type { Result } from "./part.ts";
import { tables } from "./report.ts";

/** docs/benchmarks.md. */
export function page(about: string, results: readonly Result[]): string {
  return `# Benchmarks

Written by \`npm run bench -- --write\`: do not edit. The same with every single measure is in
[benchmarks.json](benchmarks.json).

${about}

Everything in a table was measured in one run: in each round one after the other, every other round backwards, after a
round that does not count. Ratios are medians of the pairs of each round. What is called the baseline is the start script
of the module that this one replaces, rendered by Terraform: a shell script that writes Amp's settings with \`jq\`, starts
AgentAPI with \`nohup\` and waits with \`curl\` until that answers. \`BASELINE_SCRIPT\` gives the file of such a script,
\`BASELINE_PORT\` its port if that is not 3284; without the first the columns are left out.

${tables(results)}

![The same as bars](images/benchmarks.svg)
`;
}
