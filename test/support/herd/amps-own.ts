import { startAmpServer } from "../amp-server.ts";
import { createSite } from "../chaos/site.ts";

/** Requests of the real Amp's to its server in a start with a prompt, and in the start after a stop. */
export interface AmpsOwn {
  first: number;
  again: number;
}

/** Needs the real AgentAPI and Amp. What goes through a websocket that is open counts for nothing. */
export async function countAmpsOwn(): Promise<AmpsOwn> {
  const ampServer = await startAmpServer();
  try {
    const config = { ai_prompt: "Write a haiku about mornings" };
    const site = await createSite({ transport: "terminal", ampServer, config });
    try {
      const count = async () => {
        const before = ampServer.requests.length;
        const { exitCode, stderr } = await site.start();
        if (exitCode !== 0) throw new Error(stderr);
        return ampServer.requests.slice(before).filter(({ name }) => !name.startsWith("ws ")).length;
      };
      const first = await count();
      await site.stop();
      return { first, again: await count() };
    } finally {
      await site.stop();
      await site.dispose();
    }
  } finally {
    await ampServer.close();
  }
}
