import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createRunAuthority } from "./run-authority.ts";

test("OpenSSL takes it for what it is: an authority, and a server of one name", () => {
  const folder = mkdtempSync(join(tmpdir(), "glovebox-authority-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const authority = createRunAuthority();
  const { cert } = authority.certify("api.example.com");
  writeFileSync(join(folder, "ca.pem"), authority.certificate);
  writeFileSync(join(folder, "leaf.pem"), cert);
  const verify = (...more: readonly string[]): string =>
    execFileSync(
      "openssl",
      ["verify", "-x509_strict", "-CAfile", "ca.pem", "-purpose", "sslserver", ...more, "leaf.pem"],
      { cwd: folder, encoding: "utf8", stdio: "pipe" },
    );
  expect(verify("-verify_hostname", "api.example.com")).toBe("leaf.pem: OK\n");
  expect(() => verify("-verify_hostname", "www.example.com")).toThrow("hostname mismatch");
});

test("a server's certificate is of the authority's key, for this name alone, and signs nothing", () => {
  const authority = createRunAuthority();
  const { cert, key } = authority.certify("api.example.com");
  const [root, leaf] = [new X509Certificate(authority.certificate), new X509Certificate(cert)];
  expect(leaf.checkIssued(root)).toBe(true);
  expect(leaf.verify(root.publicKey)).toBe(true);
  expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect([root.ca, leaf.ca]).toEqual([true, false]);
  expect(leaf.subjectAltName).toBe("DNS:api.example.com");
  expect(Date.parse(leaf.validFrom)).toBeLessThan(Date.now());
  expect(Date.parse(leaf.validTo)).toBeGreaterThan(Date.now() + 24 * 3_600_000);
});

test("no two runs have the same authority, and one run's is not another's", () => {
  const [one, other] = [createRunAuthority(), createRunAuthority()];
  const leaf = new X509Certificate(one.certify("api.example.com").cert);
  expect(leaf.verify(new X509Certificate(other.certificate).publicKey)).toBe(false);
  const names = [one, other].map(({ certificate }) => new X509Certificate(certificate).subject);
  expect(names[0]).not.toBe(names[1]);
});
