import { createServer } from "node:net";
import { isFirstClaim } from "./run-folder.ts";

/** A loopback port that nothing listens on at this moment, and that no other caller of this run gets. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await unusedPort();
    if (isFirstClaim(`port-${port}`)) return port;
  }
}

function unusedPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
