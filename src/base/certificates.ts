import { accessSync, constants, statSync } from "node:fs";

/** Where OpenSSL, Go, curl and Bun look, and where Node, npm, Bun and deno look. */
const VARIABLES = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] as const;

/** A server's certificate that does not pass, in the words of Node, Bun, deno, npm, curl, wget and Go. */
const REFUSED =
  /\b(CERT_\w+|ERR_TLS_CERT_\w+)|certificate (has expired|is not yet valid|problem)|invalid peer certificate/i;

/** One whose CA is unknown, or a CA file that cannot be read: curl's code is 77 then. */
const UNKNOWN_CA =
  /self[- _]signed[ _]cert|unable[ _]to[ _](verify|get)[ _].*(certificate|signature|issuer[ _]cert)|peer certificate: (UnknownIssuer|\S*CaUsedAsEndEntity)|unknown authority|(is not trusted|known issuer)\.|curl: \(77\)/i;

/** Whether what a download or a program says means a refused certificate: asking again would give the same answer. */
export function isCertificateRefused(text: string): boolean {
  return UNKNOWN_CA.test(text) || REFUSED.test(text);
}

/**
 * What to do about a failure whose words are `text`.
 *
 * @returns undefined if it is not about the CA
 */
export function certificateFix(text: string, env: NodeJS.ProcessEnv): string | undefined {
  if (!UNKNOWN_CA.test(text)) return undefined;
  const [missing] = missingCertificateFiles(env);
  if (missing) return `${missing} Correct the variable or bring the file.`;
  return (
    "If the network has a CA of its own, set SSL_CERT_FILE in the agent's environment to a PEM file with the public CAs " +
    "and that one, such as /etc/ssl/certs/ca-certificates.crt after update-ca-certificates: the module's downloads, npm " +
    "and curl follow it. NODE_EXTRA_CA_CERTS, with that CA alone, is followed by all of them but curl, which Amp's " +
    "installer uses."
  );
}

/** A sentence for each variable that names a file of CAs which cannot be read: most programs ignore that silently. */
export function missingCertificateFiles(env: NodeJS.ProcessEnv): string[] {
  return VARIABLES.flatMap((name) => {
    const path = env[name];
    return path && !isReadableFile(path)
      ? [`${name} names ${path}, which is missing or cannot be read.`]
      : [];
  });
}

function isReadableFile(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
