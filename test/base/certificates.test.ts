import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  certificateFix,
  isCertificateRefused,
  missingCertificateFiles,
} from "../../src/base/certificates.ts";
import { download } from "../../src/base/download.ts";
import { makeCertificates, startSecureServer } from "../support/certificates.ts";
import { findTool } from "../support/find-tool.ts";
import { findRuntime, runtimeNames } from "../support/runtimes.ts";
import { makeFolder } from "./folder.ts";

const openssl = await findTool("openssl");

/** What each program said of a server with a private CA, and of one with a certificate that it signed itself. */
const unknownCa = [
  "unable to verify the first certificate",
  "self-signed certificate",
  "self signed certificate in certificate chain",
  "fetch failed (error sending request: client error (Connect): invalid peer certificate: UnknownIssuer)",
  "client error (Connect): invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))",
  "curl: (60) SSL certificate problem: unable to get local issuer certificate\nMore details here: https://curl.se",
  "curl: (60) SSL certificate problem: self-signed certificate in certificate chain",
  "curl: (77) error setting certificate file: /no/such/file",
  "ERROR: The certificate of ‘localhost’ is not trusted.",
  "ERROR: The certificate of ‘localhost’ doesn't have a known issuer.",
  "npm error code UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "npm http fetch GET https://r.example/x attempt 1 failed with SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "tls: failed to verify certificate: x509: certificate signed by unknown authority",
];

test.each(unknownCa)("%j is a CA that nobody knows here", (text) => {
  expect(isCertificateRefused(text)).toBe(true);
  expect(certificateFix(text, {})).toMatch(/SSL_CERT_FILE.*NODE_EXTRA_CA_CERTS/s);
});

test.each([
  "certificate has expired",
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
])("%j is refused as well, but no CA would help", (text) => {
  expect(isCertificateRefused(text)).toBe(true);
  expect(certificateFix(text, {})).toBeUndefined();
});

test.each([
  "HTTP 503",
  "connect ECONNREFUSED 127.0.0.1:1",
  "getaddrinfo ENOTFOUND cert.example",
  "aborted",
])("%j is about something else", (text) => {
  expect(isCertificateRefused(text)).toBe(false);
  expect(certificateFix(text, {})).toBeUndefined();
});

test("files of CAs that cannot be read are named, and are the first suspect where a CA is unknown", () => {
  const folder = makeFolder();
  const good = join(folder, "good.pem");
  writeFileSync(good, "PEM");
  mkdirSync(join(folder, "folder.pem"));
  expect(missingCertificateFiles({ SSL_CERT_FILE: good, NODE_EXTRA_CA_CERTS: "" })).toEqual([]);
  expect(missingCertificateFiles({})).toEqual([]);
  const env = { SSL_CERT_FILE: "/no/such.pem", NODE_EXTRA_CA_CERTS: join(folder, "folder.pem") };
  expect(missingCertificateFiles(env)).toEqual([
    "SSL_CERT_FILE names /no/such.pem, which is missing or cannot be read.",
    `NODE_EXTRA_CA_CERTS names ${folder}/folder.pem, which is missing or cannot be read.`,
  ]);
  expect(certificateFix("self-signed certificate", env)).toMatch(/^SSL_CERT_FILE names \/no\/such\.pem/);
});

describe.skipIf(!openssl)("a server with a private CA", () => {
  async function setUp() {
    const folder = makeFolder();
    const certificates = makeCertificates(folder);
    const server = await startSecureServer(certificates);
    onTestFinished(() => server.close());
    return { ca: certificates.ca, server, url: `${server.url}/file`, target: join(folder, "target") };
  }

  test("is asked once: the same certificate would come again", async () => {
    const { server, url, target } = await setUp();
    const pauses: number[] = [];
    const pause = async (ms: number) => void pauses.push(ms);
    await expect(download(url, target, { env: {}, mode: 0o600, pause })).rejects.toThrow(/certificate/);
    expect([server.connections(), pauses]).toEqual([1, []]);
  });

  test("SSL_CERT_FILE counts also where NODE_EXTRA_CA_CERTS names no file", async () => {
    const { ca, url, target } = await setUp();
    const env = { SSL_CERT_FILE: ca, NODE_EXTRA_CA_CERTS: "/no/such.pem" };
    await download(url, target, { env, mode: 0o600, limits: { attempts: 1 } });
  });

  test.each(runtimeNames)("is asked once by %s, too, and its words name the address once", async (name) => {
    const { server, url, target } = await setUp();
    const program = await findRuntime(name);
    const script = new URL("download-once.ts", import.meta.url).pathname;
    const args = name === "deno" ? ["run", "--allow-all", "--no-lock", "--quiet", script] : [script];
    const withPassword = url.replace("//", "//bob:hidden@");
    const env = { PATH: process.env["PATH"] ?? "", HOME: makeFolder() };
    const { stdout } = await execa(program, [...args, withPassword, target], { env, extendEnv: false });
    const { retries, message } = JSON.parse(stdout) as { retries: number; message: string };
    expect([server.connections(), retries]).toEqual([1, 0]);
    expect(isCertificateRefused(message)).toBe(true);
    expect(certificateFix(message, {})).toContain("SSL_CERT_FILE");
    expect(message.split(server.url.replace("https:", "")).length).toBe(2);
    expect(message).not.toContain("hidden");
  });
});
