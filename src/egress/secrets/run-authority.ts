/**
 * @module
 * A certificate authority of one run: nothing but its sandbox trusts it, and its key is nowhere but in
 * this process.
 */
import { generateKeyPairSync, randomBytes, sign, createHash, type KeyObject } from "node:crypto";
import * as asn1 from "./der.ts";

export interface RunAuthority {
  /** PEM. */
  readonly certificate: string;
  /** For a server with this one name. Made anew each time. */
  certify(host: string): ServerCertificate;
}

/** PEM, both. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

const ecdsaWithSha256 = asn1.sequence(asn1.objectId("1.2.840.10045.4.3.2"));
const ids = {
  commonName: "2.5.4.3",
  subjectKey: "2.5.29.14",
  keyUsage: "2.5.29.15",
  alternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKey: "2.5.29.35",
  extendedUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
} as const;

/** Of KeyUsage: RFC 5280, 4.2.1.3. */
const digitalSignature = 0b1000_0000;
const certificateSign = 0b0000_0100;

const hourMs = 3_600_000;
/** No run is longer; clocks inside are those of the host. */
const validMs = 7 * 24 * hourMs;

/** Takes a fraction of a millisecond. */
export function createRunAuthority(): RunAuthority {
  const keys = newKeys();
  const name = nameOf(`Glovebox, this run only, ${randomBytes(4).toString("hex")}`);
  const authorityKeyId = keyIdOf(keys.publicKey);
  const issue = (subject: Buffer, publicKey: KeyObject, extensions: readonly Buffer[]): string => {
    const now = Date.now();
    const body = asn1.sequence(
      asn1.explicit(0, asn1.integer(Buffer.of(2))),
      asn1.integer(serialNumber()),
      ecdsaWithSha256,
      name,
      asn1.sequence(asn1.utcTime(new Date(now - hourMs)), asn1.utcTime(new Date(now + validMs))),
      subject,
      publicKey.export({ type: "spki", format: "der" }),
      asn1.explicit(3, asn1.sequence(...extensions)),
    );
    const signature = sign("sha256", body, keys.privateKey);
    return pem("CERTIFICATE", asn1.sequence(body, ecdsaWithSha256, asn1.bits(signature)));
  };
  const issuedByUs = extension(
    ids.authorityKey,
    "optional",
    asn1.sequence(asn1.der(0x80, authorityKeyId)),
  );
  return {
    certificate: issue(name, keys.publicKey, [
      // An authority, but for nobody below it.
      extension(
        ids.basicConstraints,
        "critical",
        asn1.sequence(asn1.yes(), asn1.integer(Buffer.of(0))),
      ),
      extension(ids.keyUsage, "critical", asn1.flags(certificateSign)),
      extension(ids.subjectKey, "optional", asn1.octets(authorityKeyId)),
    ]),
    certify: (host) => {
      const { publicKey, privateKey } = newKeys();
      const cert = issue(nameOf(""), publicKey, [
        extension(ids.basicConstraints, "critical", asn1.sequence()),
        extension(ids.keyUsage, "critical", asn1.flags(digitalSignature)),
        extension(ids.extendedUsage, "optional", asn1.sequence(asn1.objectId(ids.serverAuth))),
        extension(ids.subjectKey, "optional", asn1.octets(keyIdOf(publicKey))),
        issuedByUs,
        // Critical where the subject is empty: RFC 5280, 4.2.1.6.
        extension(
          ids.alternativeName,
          "critical",
          asn1.sequence(asn1.der(0x82, Buffer.from(host, "ascii"))),
        ),
      ]);
      return { cert, key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
    },
  };
}

const newKeys = (): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } =>
  generateKeyPairSync("ec", { namedCurve: "P-256" });

/** Empty for no name at all. */
function nameOf(commonName: string): Buffer {
  if (commonName === "") return asn1.sequence();
  const attribute = asn1.sequence(asn1.objectId(ids.commonName), asn1.utf8(commonName));
  return asn1.sequence(asn1.set(attribute));
}

function extension(id: string, kind: "critical" | "optional", value: Buffer): Buffer {
  const critical = kind === "critical" ? [asn1.yes()] : [];
  return asn1.sequence(asn1.objectId(id), ...critical, asn1.octets(value));
}

const keyIdOf = (key: KeyObject): Buffer =>
  createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest()
    .subarray(0, 20);

/** Positive, and never with a zero in front. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
