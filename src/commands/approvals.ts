import { type Command, InvalidArgumentError } from "commander";
import type { Decision } from "../amp/approval-dialog.ts";
import { refuseTools } from "../approvals/caller.ts";
import { type Answered, decide, openQuestions, refuseLate } from "../approvals/decide.ts";
import type { Context } from "../context.ts";
import { FrontCommand } from "./front.ts";

/** `amp-module approvals`, `approve` and `deny`. */
export function approvalCommands(context: () => Context): Command[] {
  const list = new FrontCommand("approvals", "list what Amp wants to run and waits for").action(async () => {
    const open = await openQuestions(context());
    if (open.length === 0) console.log("Amp asks for nothing at the moment.");
    for (const { number, tool, title } of open) console.log(`${number}  ${tool}: ${title}`);
  });
  const approve = new FrontCommand(
    "approve",
    "allow what Amp asks for: the oldest question, or that of a number",
  )
    .argument("[number]", "as `amp-module approvals` lists it", asNumber)
    .option(
      "--always",
      'also from now on: in the stream transport exactly this call; in the terminal it is Amp\'s own "Allow All for This Session", which allows every tool',
    )
    .action(async (number: number | undefined, { always }: { always?: boolean }) => {
      await answer(context(), number, always ? "always" : "yes", "");
    });
  const deny = new FrontCommand("deny", "refuse what Amp asks for, and say what to do instead")
    .argument("[number]", "as `amp-module approvals` lists it; the oldest question if it is no number")
    .argument("[reason...]", "told to Amp")
    .option("--late", "all that Amp's terminal asks, as nobody has answered in approval_timeout seconds")
    .action(async (first: string | undefined, rest: string[], { late }: { late?: true }) => {
      // Allows nothing, so anybody may: Amp's plugin does it.
      if (late) {
        for (const question of await refuseLate(context())) tell("no", question);
        return;
      }
      const isNumber = /^\d+$/.test(first ?? "");
      const words = isNumber ? rest : [first ?? "", ...rest];
      await answer(context(), isNumber ? Number(first) : undefined, "no", words.join(" ").trim());
    });
  return [list, approve, deny];
}

async function answer(
  context: Context,
  number: number | undefined,
  decision: Decision,
  reason: string,
): Promise<void> {
  refuseTools({ pid: process.pid, isTerminal: process.stdin.isTTY === true, env: process.env });
  tell(decision, await decide(context, { number, decision, reason }));
}

function tell(decision: Decision, { tool, title, isReasonOwed }: Answered): void {
  console.log(`${decision === "no" ? "Refused" : "Allowed"}: ${tool}: ${title}`);
  if (isReasonOwed)
    console.log("Amp asks for the reason after its other questions: give it with `amp-module deny` then.");
}

function asNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a number that `amp-module approvals` lists.");
}
