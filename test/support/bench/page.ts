import { type Row, table } from "./report.ts";

/** docs/benchmarks.md. */
export function page(about: string, rows: readonly Row[]): string {
  return `# Benchmarks

Written by \`npm run bench -- --write\`: do not edit.

${about}.

${table(rows)}

![The same as bars](images/benchmarks.svg)
`;
}
