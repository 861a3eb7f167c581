// A program in Amp's place that misbehaves in one way, which AMP_FAULT names. It reads its prompt and ends when it is told
// to, unless its fault is that it does not.
import { spawn } from "node:child_process";
import { appendFileSync, statSync } from "node:fs";

const args = process.argv.slice(2);
if (args[0] === "--version") {
  console.log("0.0.1-gfaulty");
  process.exit(0);
}
if (args[0] === "--help") {
  console.log(`Amp CLI

Options:

  --settings-file <value>
  --mcp-config <value>
  -x, --execute [message]
  --stream-json
  --stream-json-input
`);
  process.exit(0);
}
// What is passed as a file; JSON in its place is none.
const files = ["--settings-file", "--mcp-config"]
  .map((flag) => args[args.indexOf(flag) + 1])
  .filter((path, index) => args.includes(["--settings-file", "--mcp-config"][index]) && path.startsWith("/"))
  .map((path) => ({ path, mode: (statSync(path).mode & 0o777).toString(8) }));
appendFileSync(process.env.AMP_FAULT_LOG, `${JSON.stringify({ args, files })}\n`);

const fault = process.env.AMP_FAULT;
const session_id = "T-0199c0de-0000-4000-8000-000000000001";
const write = (text) =>
  new Promise((done) => (process.stdout.write(text) ? done() : process.stdout.once("drain", done)));
const event = (body) => write(`${JSON.stringify({ ...body, session_id })}\n`);
const say = (text) =>
  event({
    type: "assistant",
    message: {
      type: "message",
      role: "assistant",
      content: [{ type: "text", text }],
      stop_reason: "end_turn",
    },
    parent_tool_use_id: null,
  });
const result = (more = {}) =>
  event({
    type: "result",
    subtype: "success",
    is_error: false,
    duration_ms: 1,
    num_turns: 1,
    result: "done",
    ...more,
  });
const stay = () => setInterval(() => {}, 1000);
const end = (code) => process.stdout.write("", () => process.exit(code));

if (fault === "login") {
  await write(
    "No API key found. Starting login flow...\n\nhttps://ampcode.com/auth/cli-login?authToken=0123456789abcdef\n\nWhen prompted, paste your code here: ",
  );
  stay();
} else {
  process.stdin.resume();
  await event({ type: "system", subtype: "init", cwd: process.cwd(), tools: [], mcp_servers: [] });
  await run();
}

async function run() {
  switch (fault) {
    case "broken-line":
      await write("warning: this is no JSON\n");
      await say("still here");
      await result();
      return end(0);
    case "error-result":
      await result({
        subtype: "error_during_execution",
        is_error: true,
        error: "the model is overloaded",
        result: undefined,
      });
      return end(0);
    case "exit-1-after-result":
      await say("the answer");
      await result();
      return end(1);
    case "no-result":
      await say("half");
      return end(0);
    case "stderr":
      for (let written = 0; written < 50; written += 1) {
        if (!process.stderr.write("x".repeat(1024 * 1024)))
          await new Promise((done) => process.stderr.once("drain", done));
      }
      await result();
      return end(0);
    case "stays":
      await result();
      return stay();
    case "holder":
      spawn("sleep", ["25"], { stdio: ["ignore", "inherit", "inherit"] });
      await result();
      return end(0);
    case "stubborn":
      process.on("SIGTERM", () => {});
      spawn("sleep", ["1000"], { stdio: "ignore" });
      await say("at work");
      return stay();
    case "endless":
      spawn("sleep", ["1000"], { stdio: "ignore" });
      for (let count = 0; ; count += 1) {
        await say(`event ${count}`);
        await new Promise((done) => setTimeout(done, 20));
      }
    case "big-line":
      await say("y".repeat(70 * 1024 * 1024));
      await say("after");
      await result();
      return end(0);
    default:
      await result();
      return end(0);
  }
}
