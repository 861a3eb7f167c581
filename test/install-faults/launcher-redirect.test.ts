import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { makeFolder } from "../base/folder.ts";
import { makeCertificates } from "../support/certificates.ts";
import { startFileServer } from "../support/file-server.ts";
import { findTool } from "../support/find-tool.ts";
import { moduleRoot } from "../support/terraform.ts";

const openssl = await findTool("openssl");
const tools = [
  "sh",
  "bash",
  "base64",
  "dirname",
  "readlink",
  "ls",
  "cat",
  "mkdir",
  "rm",
  "mv",
  "tail",
  "tee",
  "sed",
  "awk",
];
const downloaders = await Promise.all(
  ["curl", "wget"].map(async (name) => ({ name, isHere: (await findTool(name)) !== undefined })),
);

/** The launcher in a workspace without a runtime, whose one downloader is `downloader`. */
async function launch(downloader: string, url: string, ca: string) {
  const folder = makeFolder();
  const path = join(folder, "path");
  const bin = join(folder, "home/.amp-module/bin");
  for (const made of [path, bin]) mkdirSync(made, { recursive: true });
  for (const name of [...tools, downloader, "sleep"]) {
    symlinkSync((await findTool(name)) ?? "/nowhere", join(path, name));
  }
  writeFileSync(join(bin, "amp-module"), readFileSync(join(moduleRoot, "scripts/amp-module.sh")));
  for (const name of ["loader.cjs", "amp-module.br85"]) writeFileSync(join(bin, name), "");
  return execa("/bin/sh", [join(bin, "amp-module"), "start"], {
    env: {
      HOME: join(folder, "home"),
      PATH: path,
      SSL_CERT_FILE: ca,
      MARK: join(folder, "ran"),
      AMP_MODULE_INSTALLER_URL_BASE64: Buffer.from(url).toString("base64"),
    },
    extendEnv: false,
    reject: false,
    all: true,
    timeout: 60_000,
  });
}

for (const { name, isHere } of downloaders) {
  test.skipIf(!openssl || !isHere)(
    `${name}: a redirect from https to http is refused, and bash runs nothing of it`,
    async () => {
      const installer = 'echo "the installer ran"; exit 3';
      const plain = await startFileServer({ "/install.sh": installer });
      const { key, cert, ca } = makeCertificates(makeFolder());
      const asked: string[] = [];
      const secure = createServer({ key, cert }, (request, response) => {
        asked.push(request.url ?? "");
        if (request.url === "/down") response.writeHead(302, { Location: `${plain.url}/install.sh` }).end();
        else if (request.url === "/along") response.writeHead(302, { location: "/install.sh" }).end();
        else response.end(installer);
      });
      await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
      onTestFinished(async () => {
        secure.closeAllConnections();
        secure.close();
        await plain.close();
      });
      const url = `https://localhost:${(secure.address() as AddressInfo).port}`;

      const refused = await launch(name, `${url}/down`, ca);
      expect(refused.exitCode).toBe(1);
      expect(refused.all).not.toContain("the installer ran");
      expect(refused.all).toContain("redirected from https to http, which is refused");
      expect(asked).toEqual(["/down"]);
      if (name === "curl") expect(plain.count()).toBe(0);

      const followed = await launch(name, `${url}/along`, ca);
      expect(followed.all).toContain("the installer ran");
    },
    120_000,
  );
}
