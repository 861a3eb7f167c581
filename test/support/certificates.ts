import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";

export interface Certificates {
  /** Path of the CA's PEM file. */
  ca: string;
  /** Of localhost. */
  key: Buffer;
  cert: Buffer;
}

/** A throw-away CA and a certificate of it for localhost, made with openssl in `folder`. */
export function makeCertificates(folder: string): Certificates {
  const run = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  run("req", "-x509", ...ec, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test CA");
  const leaf = [...ec, "-keyout", "leaf.key", "-out", "leaf.pem", "-days", "2", "-subj", "/CN=localhost"];
  const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=DNS:localhost"];
  run("req", "-x509", ...leaf, ...signed, "-addext", "basicConstraints=CA:FALSE");
  return {
    ca: join(folder, "ca.pem"),
    key: readFileSync(join(folder, "leaf.key")),
    cert: readFileSync(join(folder, "leaf.pem")),
  };
}

export interface SecureServer {
  /** `https://localhost:<port>`, no slash at the end. */
  url: string;
  /** How often somebody has connected, whether or not the certificate pleased. */
  connections(): number;
  close(): void;
}

/** An HTTPS server of a private CA that answers everything with `content`. */
export async function startSecureServer(
  { key, cert }: Pick<Certificates, "key" | "cert">,
  content = "secret file",
): Promise<SecureServer> {
  let connections = 0;
  const secure = createServer({ key, cert }, (_, response) => response.end(content));
  // In front of it, since a refused handshake does not count as a connection of the server itself.
  const front = createTcpServer((socket) => {
    connections++;
    secure.emit("connection", socket);
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://localhost:${(front.address() as AddressInfo).port}`,
    connections: () => connections,
    close() {
      secure.closeAllConnections();
      front.close();
    },
  };
}
