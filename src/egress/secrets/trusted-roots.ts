/**
 * @module
 * Whom programs of this machine trust in TLS.
 */
import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";

/** Where systems keep them in one file: Debian, Fedora, SUSE, Alpine. */
const bundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * PEM: what `SSL_CERT_FILE` names, or the system's own, or where there are none Node's; and those that
 * `NODE_EXTRA_CA_CERTS` adds.
 */
export function trustedRoots(env: NodeJS.ProcessEnv): string {
  const { SSL_CERT_FILE: named, NODE_EXTRA_CA_CERTS: extra } = env;
  const roots = firstReadable(named === undefined || named === "" ? bundles : [named]);
  const more = extra === undefined || extra === "" ? undefined : firstReadable([extra]);
  return [roots ?? rootCertificates.join("\n"), ...(more === undefined ? [] : [more])].join("\n");
}

function firstReadable(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    try {
      const text = readFileSync(path, "utf8");
      if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
    } catch {
      // The next one may be there.
    }
  }
  return undefined;
}
