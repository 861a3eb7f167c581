import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** Resolves when something answers `GET /status` on the port with 200: asked every 2 ms, without a client's own pauses. */
export async function answered(port: number, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await answers(port))) {
    if (performance.now() > deadline) throw new Error(`nothing answers on port ${port}`);
    await sleep(2);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ port, path: "/status", agent: false, host: "127.0.0.1" }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode === 200));
    }).once("error", () => resolve(false));
  });
}
