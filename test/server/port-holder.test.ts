import { spawn } from "node:child_process";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { describePortHolder, isPortTaken } from "../../src/server/port-holder.ts";
import { freePort } from "../support/free-port.ts";

const ends: (() => unknown)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

test.each([
  "127.0.0.1",
  "0.0.0.0",
  "::",
])("our own process, listening on %s, is found and named", async (host) => {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  ends.push(() => server.close());
  expect(await isPortTaken(port)).toBe(true);
  expect(describePortHolder(port)).toMatch(new RegExp(`^pid ${process.pid} \\(.*\\S.*\\)$`));
});

test("another process is named with its command line, a long one cut", async () => {
  const port = await freePort();
  const script = `require("node:net").createServer().listen(${port}, "127.0.0.1", () => console.log("up"))`;
  const child = spawn(process.execPath, ["-e", script, "x".repeat(500)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  ends.push(() => child.kill("SIGKILL"));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const text = describePortHolder(port);
  expect(text).toContain(`pid ${child.pid} (${process.execPath.slice(0, 100)}`);
  expect(text.length).toBeLessThan(200);
});

test("a free port is not taken, and its holder is nobody that can be named", async () => {
  const port = await freePort();
  expect(await isPortTaken(port)).toBe(false);
  expect(describePortHolder(port)).toBe("a process that this user may not look into");
});

test("a connection that was accepted on the port is no listener", async () => {
  let accept = () => {};
  const accepted = new Promise<void>((resolve) => {
    accept = resolve;
  });
  const server = createServer((socket) => {
    ends.push(() => socket.destroy());
    accept();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = connect(port, "127.0.0.1");
  ends.push(() => client.destroy());
  await accepted;
  expect(describePortHolder(port)).toContain(`pid ${process.pid} `);
  server.close();
  expect(describePortHolder(port)).toBe("a process that this user may not look into");
});
