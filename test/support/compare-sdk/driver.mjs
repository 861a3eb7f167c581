// Runs one case with one of the libraries and prints what its user sees, as one line of JSON on fd 3.
import { writeSync } from "node:fs";

const [library, entry, fault] = process.argv.slice(2);
const { execute } = await import(entry);
const controller = new AbortController();
const { signal } = controller;
const secret = "s3cret-of-an-mcp-server";
const mcpConfig = { docs: { command: "true", args: [], env: { TOKEN: secret } } };
const permissions = [{ tool: "Bash", action: "reject" }];
const more = fault === "secrets" ? { mcpConfig, permissions } : {};
const events =
  library === "ours"
    ? execute("hello", { signal, timeoutMs: 0, graceMs: 1000, ...more })
    : execute({ prompt: "hello", signal, options: more });

const seen = [];
let error;
function report() {
  const { maxRSS } = process.resourceUsage();
  writeSync(3, `${JSON.stringify({ seen, error, rssMb: Math.round(maxRSS / 1024) })}\n`);
  // What is still running would hold this process otherwise.
  process.exit(0);
}
// Whoever waits has waited long enough.
process.once("SIGUSR2", report);
try {
  for await (const event of events) {
    seen.push(event.type === "result" ? `${event.type}:${event.subtype}` : event.type);
    if (fault === "stubborn" && seen.length === 2) controller.abort();
    if (fault === "endless" && seen.length === 3) break;
  }
} catch (thrown) {
  error = `${thrown.kind ?? thrown.name}: ${String(thrown.message).replace(/\s+/g, " ").slice(0, 120)}`;
}
report();
