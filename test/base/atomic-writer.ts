import { writeFileAtomic } from "../../src/base/atomic-file.ts";

// Usage: atomic-writer.ts <file>. Writes one digit 300,000 times, then the next one, until it is killed.
for (let i = 0; ; i++) writeFileAtomic(process.argv[2] ?? "", String(i % 10).repeat(300_000));
