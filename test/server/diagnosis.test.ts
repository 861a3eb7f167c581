import { expect, test } from "vitest";
import { isLoginPrompt } from "../../src/amp/diagnose.ts";
import { diagnose, StartError } from "../../src/server/diagnosis.ts";
import { exampleConfig } from "../start/example.ts";

const config = exampleConfig({ mode: "turbo", agentapi_port: 4711 });
const diagnosis = (evidence: { output?: string; screen?: string; ending?: string; modes?: string[] }) =>
  diagnose({ output: "", screen: "", ending: undefined, modes: [], ...evidence }, config);

// Wordings seen on real parts: Amp 0.0.1790142911, AgentAPI 0.12.1, older Amp releases.
test.each([
  [
    "wrong key",
    "Error: Invalid or missing API key. Run 'amp login' to authentica\n    te.",
    /does not accept the API key/,
  ],
  [
    "unknown thread",
    "Thread https://amp.example.com:36121/threads/T-0199c0de-1234-7abc-8def-\n    0123456789ab does not exist.",
    /does not know the thread/,
  ],
])("words that the terminal has broken at its last column are read as one: %s", (_, screen, what) => {
  expect(diagnosis({ screen }).message).toMatch(what);
  const output = `level=ERROR msg=x\n========\n    ^H${screen}\n    ========\n: exit status 1\n`;
  expect(diagnosis({ output }).message).toMatch(what);
});

test("an agent that draws nothing, and one whose thread does not load, are told from one that ends", () => {
  expect(diagnosis({}).message).toMatch(/has drawn nothing, as Amp does while its server does not answer/);
  const notice = "│ ✕ Failed to load            │\n│ http://127.0.0.1/threads/T-1 │";
  expect(diagnosis({ screen: notice })).toMatchObject({
    kind: "unloadable",
    message: expect.stringContaining("could not load the thread"),
    fix: expect.stringContaining("continue = false"),
  });
});

test.each([
  [
    "no network",
    "Error: Couldn't connect to the Amp server at https://ampcode.com/.",
    /cannot connect/,
    /HTTPS_PROXY/,
  ],
  ["no network", "Cannot reach Amp. Are you offline?", /cannot connect/, /amp_url/],
  ["no DNS", "FetchError: getaddrinfo ENOTFOUND ampcode.com", /cannot connect/, /network/],
  [
    "private CA",
    "TypeError: fetch failed: unable to get local issuer certificate",
    /certificate of the Amp server is not trusted/,
    /NODE_EXTRA_CA_CERTS/,
  ],
  ["no key", "No API key found. Starting login flow...", /amp_api_key is not set/, /Set amp_api_key/],
  ["no key", "Would you like to log in to Amp? [(y)es, (n)o]:", /amp_api_key is not set/, /amp login/],
  [
    "wrong key",
    "Error: Unauthorized. Check your access token.",
    /does not accept the API key/,
    /Set amp_api_key/,
  ],
  ["wrong key", "Request failed with status code 401", /does not accept the API key/, /amp_url/],
  [
    "a failing server",
    "Error: Amp server returned an error. Try again in a moment.",
    /error of its own/,
    /amp_url/,
  ],
  ["a portal", "Error: SyntaxError: Failed to parse JSON", /page instead of data/, /log in if it asks/],
  ["unknown mode", 'Error: Unknown agent mode "turbo"', /mode "turbo"/, /amp --help/],
  ["unknown mode", "Error: Invalid mode: turbo", /mode "turbo"/, /amp --help/],
  ["port", "listen tcp :4711: bind: address already in use", /port 4711 is taken/, /agentapi_port/],
  [
    "flag of Amp",
    "Error: error: unknown option '--nonsense'",
    /does not know one of its arguments/,
    /amp_version/,
  ],
  ["flag of AgentAPI", "Error: unknown flag: --nonsense", /does not know one/, /agentapi_version/],
  [
    "settings",
    "Error: Invalid JSON in settings file /home/a/.config/amp/settings.json",
    /settings/,
    /Correct/,
  ],
])("%s: %s", (_, text, what, fix) => {
  for (const evidence of [{ screen: text }, { output: `${text}\n` }]) {
    const error = diagnosis({ ...evidence, ending: "exit code 1" });
    expect(error.message).toMatch(what);
    expect(error.message).toContain("AgentAPI ended with exit code 1.");
    expect(error.message).toContain(text);
    expect(error.fix).toMatch(fix);
  }
});

test.each([
  ["Error: Thread T-0199c0de-1234 not found", "thread"],
  ["Error: Unknown thread: T-0199c0de-1234", "thread"],
  ["Error: You have no access to it: thread T-0199c0de-1234 is forbidden", "thread"],
  ["Error: Couldn't connect to the Amp server at https://ampcode.com/.", "network"],
  ["Out of Credits Add credits to keep using Amp.", "credits"],
  ["Error: The Bash tool requires user approval, but no interactive UI is available.", "approval"],
  ["amp-acp: turn failed: auth_required: Amp has no API key and waits for a login.", "login"],
  ["amp-acp: turn failed: auth_required: Amp reported it: Invalid or missing API key.", "key"],
  ["amp-acp: turn failed: out_of_credits: Amp reported error_x.", "credits"],
  ["No API key found. Starting login flow...", "login"],
  ["Reading thread.c: 404 lines", "unknown"],
])("the kind of a cause is told to who can do something about it: %s", (screen, kind) => {
  const error = diagnosis({ screen, ending: "exit code 1" });
  expect(error).toBeInstanceOf(StartError);
  expect(error.kind).toBe(kind);
});

test("an unknown end shows the last screen and where to look", () => {
  const error = diagnosis({ screen: "Segmentation fault", ending: "signal SIGSEGV" });
  expect(error.message).toMatch(
    /ended before it was ready.*signal SIGSEGV.*last screen:\n {2}Segmentation fault/s,
  );
  expect(error.fix).toMatch(/agentapi-start\.log/);
});

test("an end without a word is put down to a mode that this Amp does not list, and to no other", () => {
  const suspected = diagnosis({ ending: "exit code 1", modes: ["low", "high"] });
  expect(suspected.kind).toBe("mode");
  expect(suspected.message).toMatch(/perhaps because of the mode "turbo", .*\(low, high\)/);
  expect(suspected.fix).toMatch(/^Set mode/);
  expect(diagnosis({ ending: "exit code 1", modes: ["low", "Turbo"] }).kind).toBe("unknown");
  expect(diagnosis({ screen: "No API key found.", modes: ["low"] }).kind).toBe("login");
});

test("without a screen the last output is shown, and only the end of a long one", () => {
  const output = Array.from({ length: 500 }, (_, index) => `line ${index}`).join("\n");
  const { message } = diagnosis({ output });
  expect(message).toContain("  line 499");
  expect(message).not.toContain("line 484");
});

test("the screen that AgentAPI prints between two rules is the agent's last screen", () => {
  const output = "level=ERROR msg=x\n========\nboom\r\n\n   at the end   \n========\n: exit status 1\n";
  expect(diagnosis({ output }).message).toMatch(/The agent's last screen:\n {2}boom\n {2}at the end$/);
});

test("the probe keys that AgentAPI types are no part of the screen", () => {
  expect(diagnosis({ screen: " ^H ^H\nhello^H\b" }).message).toMatch(/last screen:\n {2}hello$/);
});

test.each([
  "finished 401 files after 401 ms",
  "Improve the login flow",
  "set the mode of the file",
])("a text that only resembles a cause is none: %s", (screen) => {
  expect(diagnosis({ screen }).message).toMatch(/ended before it was ready/);
  expect(isLoginPrompt(screen)).toBe(false);
});

test("a login is recognised while the agent waits for it", () => {
  expect(isLoginPrompt("No API key found. Starting login flow...")).toBe(true);
  expect(isLoginPrompt("Would you like to log in to Amp?")).toBe(true);
  expect(isLoginPrompt("")).toBe(false);
});

test("no value of the configuration but what names the mistake is in the error", () => {
  const secret = exampleConfig({ mcp: '{"x":{"env":{"T":"hunter2-hunter2"}}}', base_amp_config: "hunter2" });
  const error = diagnose({ output: "", screen: "boom", ending: "exit code 1", modes: [] }, secret);
  expect(`${error.message}${error.fix}`).not.toContain("hunter2");
});

test("a Coder that takes no status reports is not the reason why Amp did not start", () => {
  const report =
    "amp-acp: Status: connect ECONNREFUSED 10.0.0.1:443, so the dashboard may not show what Amp does.";
  const failed = "amp-acp: turn failed: execution: Amp server returned an error. Try again in a moment.";
  expect(diagnosis({ output: `${report}\n${failed}\n` }).kind).toBe("server");
  expect(diagnosis({ output: `2026-11-21T10:00:00.000Z INFO  ${report.slice(9)}\n` }).kind).toBe("unknown");
  expect(
    diagnosis({ output: "Error: Status: 503 Service Unavailable: Amp server returned an error\n" }).kind,
  ).toBe("server");
});

test.each([
  [
    "served",
    "Error: Another Amp process is already serving remote threads for /home/dev/my project (pid 29003). If that process is no longer running, delete /x.pid and retry.",
    "another Amp (pid 29003) is the runner of /home/dev/my project, and a folder has only one",
    "set workdir to another folder",
  ],
  [
    "no-runner",
    "Error: amp --no-tui is not enabled for your account.",
    "this Amp account may have no runner",
    "Have runners enabled",
  ],
  [
    "key",
    "Credentials rejected: HTTP 401",
    "the Amp server does not accept the API key in amp_api_key",
    "Set amp_api_key",
  ],
])("a runner that does not come up: %s", (kind, output, what, fix) => {
  const runner = exampleConfig({ transport: "runner", enable_agentapi: false });
  const error = diagnose({ output, screen: "", ending: "exit code 1", modes: [] }, runner);
  expect(error).toMatchObject({ kind, summary: what, fix: expect.stringContaining(fix) });
  expect(error.message).toContain(`${what}. Amp's runner ended with exit code 1.`);
});
