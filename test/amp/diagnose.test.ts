import { expect, test } from "vitest";
import { AMP_WORDS, diagnose, isLoginPrompt } from "../../src/amp/diagnose.ts";
import { resultError } from "../../src/amp/run.ts";

// As they stand in the binary of 0.0.1790142911, unless an older release is named.
test.each([
  ["No API key found. Starting login flow...", "auth_required"],
  ["Would you like to log in to Amp? [(y)es, (n)o]: ", "auth_required"],
  ["Not logged in. Run 'amp login' to authenticate.", "auth_required"],
  ["Invalid or missing API key. Run 'amp login' to authenticate.", "auth_required"],
  ["Access token expired. Run 'amp login' to refresh.", "auth_required"],
  ["Session expired and could not be refreshed. Run 'amp login' to authenticate.", "auth_required"],
  ["Failed to load user actor credentials: 401 nope", "auth_required"],
  ["Error: Unauthorized. Check your access token.", "auth_required"],
  ["Unable to connect to Amp servers after multiple attempts", "cannot_connect"],
  ["Couldn\u2019t connect to Amp servers", "cannot_connect"],
  ["Error: Couldn't connect to the Amp server at https://ampcode.com/.", "cannot_connect"],
  ["Network Error Cannot reach Amp servers. Check your internet connection and try again.", "cannot_connect"],
  ["Network timeout. Check your connection or proxy settings and retry.", "cannot_connect"],
  ["WebSocket connection failed. Check your connection or proxy settings and retry.", "cannot_connect"],
  ["Error: Amp server returned an error. Try again in a moment.", "cannot_connect"],
  // For a page of HTML in place of the server's JSON.
  ["Error: SyntaxError: Failed to parse JSON", "cannot_connect"],
  ["Out of Credits Add credits to keep using Amp.", "out_of_credits"],
  ["Your Amp credit balance is low.", "out_of_credits"],
  [
    "You need $1 in available credits to start this request. Add credits to keep using Amp.",
    "out_of_credits",
  ],
  [
    "No Usage Available Your included Megawatt usage is at its monthly limit, and no paid credits are available.",
    "out_of_credits",
  ],
  ["You've reached your free usage limit", "out_of_credits"],
  ["You've exceeded your usage quota of $10", "out_of_credits"],
  [
    "The following tools require user approval, which is not supported in stream JSON mode: Bash",
    "approval_required",
  ],
  ["A tool requires user approval, which is not supported in stream JSON mode", "approval_required"],
  [
    "Error: The edit_file tool wants to modify a guarded file (/a/.cursor/x), but no interactive UI is available",
    "approval_required",
  ],
  ["Error: The Bash tool tried to run a command that isn't allowlisted.", "approval_required"],
  ["Error: The Bash tool is not allowed to run in execute mode.", "approval_required"],
  ["error: unknown option '--nope'", "unsupported_version"],
  [`Invalid flag "--nope". See 'amp --help' for valid options.`, "unsupported_version"],
  ["the model is overloaded", undefined],
  ["it took 401 ms", undefined],
])("%s is %s, on stderr and as the reason of a result", (words, kind) => {
  expect(diagnose(`some line\n${words}\n`)).toBe(kind);
  const failed = { type: "result", subtype: "error_during_execution", session_id: "T-1" } as const;
  for (const result of [
    { ...failed, error: words },
    { ...failed, subtype: "success", is_error: true, result: words },
  ]) {
    expect(resultError(result)).toMatchObject({
      kind: kind ?? "execution",
      message: expect.stringContaining(words),
      remedy: expect.stringMatching(/\w/),
    });
  }
});

test("a newer Amp may say it in the subtype alone, and refused calls are no longer named by the count only", () => {
  const result = { type: "result", session_id: "T-1", is_error: true } as const;

  expect(resultError({ ...result, subtype: "error_out_of_credits" })).toMatchObject({
    kind: "out_of_credits",
  });
  const denied = { ...result, subtype: "error_during_execution", permission_denials: [{}] };
  expect(resultError({ ...denied, error: "not allowed" })).toMatchObject({ kind: "permission_denied" });
  expect(resultError({ ...denied, error: "A tool requires user approval" })).toMatchObject({
    kind: "approval_required",
  });
});

test("the table is in order: what is surer comes first", () => {
  const kind = (text: string) => AMP_WORDS.find(({ pattern }) => pattern.test(text))?.kind;

  expect(kind("MCP server x: connect ECONNREFUSED\nOut of Credits")).toBe("credits");
  expect(kind("connect ECONNREFUSED\nThread T-1 not found")).toBe("thread");
  expect(kind("This thread is archived and cannot be continued.")).toBe("thread");
  expect(kind("Invalid or missing API key. Run 'amp login' to authenticate.")).toBe("key");
  expect(isLoginPrompt("Not logged in. Run 'amp login' to authenticate.")).toBe(false);
});
