import { expect, onTestFinished, test } from "vitest";
import { createAgentApiClient } from "../../src/agentapi/client.ts";
import { answerOnScreen, questionOnScreen } from "../../src/approvals/terminal.ts";
import { findAgentApi } from "../support/agentapi.ts";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";
import { startAmpServer } from "../support/amp-server.ts";
import { drive, makeHome, removeHome, writeHomeFile } from "./driven.ts";

const [agentapi, amp] = await Promise.all([findAgentApi(), findRealAmp()]);

test.skipIf(!amp || !agentapi.real)(
  `Amp's own questions are read and answered ${whyNoRealAmp()}`,
  { timeout: 150_000 },
  async () => {
    const server = await startAmpServer();
    onTestFinished(() => server.close());
    const home = await makeHome();
    onTestFinished(() => removeHome(home));
    await writeHomeFile(
      home,
      ".config/amp/settings.json",
      '{"amp.permissions":[{"tool":"Bash","action":"ask"}]}',
    );
    const driven = await drive({
      agentapi: agentapi.path,
      agent: [amp?.path ?? ""],
      server: server.url,
      home,
    });
    onTestFinished(() => driven.end());
    await expect.poll(() => driven.screen(), { timeout: 60_000 }).toContain("permissions: on");
    const client = createAgentApiClient({ baseUrl: driven.url, timeoutMs: 20_000 });
    expect(await questionOnScreen(client)).toBeUndefined();
    const asks = async (title: string) => {
      await expect
        .poll(() => questionOnScreen(client), { timeout: 30_000 })
        .toMatchObject({ tool: "Bash", title });
      const question = await questionOnScreen(client);
      if (!question) throw new Error("the question is gone");
      return question;
    };
    const shows = (text: RegExp) => expect.poll(() => driven.screen(), { timeout: 30_000 }).toMatch(text);

    const long = `echo ${"a long command that is wrapped over several lines ".repeat(3)}end`;
    await driven.submit(`run: ${long}`);
    const first = await asks(long);
    await expect(answerOnScreen(client, { ...first, title: "another" }, "yes", "")).rejects.toThrow(
      "does not show the question any more",
    );
    await answerOnScreen(client, first, "yes", "");
    await shows(/"exitCode":0/);

    // Two at once come one after the other; the second is answered by more than a no.
    await driven.submit("run: echo two\nrun: echo three");
    await answerOnScreen(client, await asks("echo two"), "no", "");
    await answerOnScreen(client, await asks("echo three"), "no", "use staging, please");
    await shows(/use\s+staging,\s+please/);
    expect(await questionOnScreen(client)).toBeUndefined();

    await driven.submit("run: echo four");
    await answerOnScreen(client, await asks("echo four"), "always", "");
    await shows(/four\\n/);
    await driven.submit("run: echo five");
    await shows(/five\\n/);
  },
);
