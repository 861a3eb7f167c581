import fc from "fast-check";
import { expect, test } from "vitest";
import type { AgentApiClient } from "../../src/agentapi/client.ts";
import { AgentApiError } from "../../src/agentapi/errors.ts";
import type { InputHistory } from "../../src/amp/input-history.ts";
import { readScreen } from "../../src/amp/screen.ts";
import { deliverPrompt } from "../../src/conversation/deliver.ts";
import type { AgentWatch } from "../../src/server/watch.ts";
import { conversation } from "../amp/example-screens.ts";
import { anyPage, anyPrompt } from "../amp/random-pages.ts";
import { holds } from "../support/fuzz.ts";

/** A watch on pages that come one after the other, each whenever nobody finds anything on the one before. */
function watchOn(pages: readonly string[]): AgentWatch {
  let at = 0;
  const watch = {
    restedMs: 60_000,
    get text() {
      return pages[at] ?? "";
    },
    get screen() {
      return readScreen(pages[at] ?? "");
    },
    note: () => {},
    during: <Result>(work: Promise<Result>) => work,
    async until<Found>(look: () => Found | undefined): Promise<Found | undefined> {
      for (let looks = 0; looks < 3; looks += 1) {
        const found = look();
        if (found !== undefined) return found;
        at = Math.min(at + 1, pages.length);
      }
      return undefined;
    },
  };
  return watch as unknown as AgentWatch;
}

/** An AgentAPI that says of everything that it was sent, or of a chat message that it was not. */
function clientThat(takesMessages: boolean): AgentApiClient {
  const client = {
    status: async () => ({ status: "stable" }),
    sendMessage: async ({ type }: { type: string }) => {
      if (!takesMessages && type === "user")
        throw new AgentApiError("http", "http://127.0.0.1/message", "500");
    },
  };
  return client as unknown as AgentApiClient;
}

const scene = anyPrompt.chain((prompt) =>
  fc.record({
    prompt: fc.constant(prompt),
    pages: fc.array(anyPage(prompt), { maxLength: 5 }),
    isDoubtful: fc.boolean(),
    takesMessages: fc.boolean(),
  }),
);

const given = {
  openHistory: () => ({ hasNew: () => false }) as unknown as InputHistory,
  onSending: () => {},
  times: { inputMs: 1_000, restMs: 0, stableMs: 1_000, confirmMs: 0 },
};

test("whatever pages come: a prompt that Amp does not show as said is never delivered", async () => {
  await holds(
    fc.asyncProperty(scene, async ({ prompt, pages, isDoubtful, takesMessages }) => {
      const options = { ...given, prompt, isDoubtful, client: clientThat(takesMessages) };
      const { state } = await deliverPrompt({ ...options, watch: watchOn(pages) });
      expect(state).not.toBe("delivered");
    }),
  );
});

test("the same with Amp's transcript at the end: then it is", async () => {
  const shown = { ...given, prompt: "Task: Fix the bug", client: clientThat(true) };
  const pages = [conversation([]), conversation([]), conversation(["Task: Fix the bug"])];
  expect(await deliverPrompt({ ...shown, watch: watchOn(pages) })).toMatchObject({ state: "delivered" });
});
