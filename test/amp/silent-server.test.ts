import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { isServerSilent } from "../../src/amp/silent-server.ts";
import { freePort } from "../support/free-port.ts";

async function serverThat(answers: string | undefined): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    if (answers !== undefined) socket.end(answers);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${port}`;
}

test("a server that takes a question and says nothing is silent", async () => {
  expect(await isServerSilent({ AMP_URL: await serverThat(undefined) }, 300)).toBe(true);
});

test("any answer, none at all and an address that is none are something else", async () => {
  const angry = await serverThat("HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n");
  for (const url of [angry, `http://127.0.0.1:${await freePort()}`, "nonsense"])
    expect(await isServerSilent({ AMP_URL: url }, 5_000), url).toBe(false);
});
