/**
 * @module
 * The server name in the first bytes of a TLS connection (RFC 8446, RFC 6066). The bytes are a
 * program's own: nothing in them is believed but as what the program says.
 */

export type Hello =
  /** More bytes are needed to tell. */
  | { readonly kind: "incomplete" }
  /** No TLS, or without a server name. */
  | { readonly kind: "unnamed" }
  /** At most 255 characters, of those that host names have. */
  | { readonly kind: "named"; readonly serverName: string };

const handshakeRecord = 22;
const clientHello = 1;
const serverNameExtension = 0;
const hostNameType = 0;
const maxNameBytes = 255;

/** Does not throw. */
export function readServerName(bytes: Buffer): Hello {
  try {
    const hello = createReader(handshakeBytes(bytes));
    const type = hello.number(1);
    if (type !== clientHello) return { kind: "unnamed" };
    hello.number(3);
    return nameIn(hello);
  } catch (error) {
    if (error instanceof Incomplete) return { kind: "incomplete" };
    if (error instanceof NotTls) return { kind: "unnamed" };
    throw error;
  }
}

/** There are not enough bytes. */
class Incomplete extends Error {}
/** It is something else. */
class NotTls extends Error {}

interface Reader {
  readonly left: () => number;
  number(bytes: 1 | 2 | 3): number;
  /** As many bytes as a number of so many bytes before them says. */
  vector(lengthBytes: 1 | 2): Buffer;
}

/** What the records at the beginning carry: a ClientHello may be spread over several. */
function handshakeBytes(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  while (bytes.length > at) {
    if (bytes[at] !== handshakeRecord) {
      if (at === 0) throw new NotTls();
      break;
    }
    if (bytes.length < at + 5) break;
    const length = bytes.readUInt16BE(at + 3);
    parts.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return Buffer.concat(parts);
}

/** After the header of the message: version, random, then the lists. */
function nameIn(hello: Reader): Hello {
  hello.number(2);
  for (let skipped = 0; skipped < 32; skipped += 2) hello.number(2);
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  // A hello without extensions ends here, which is allowed, and waits for nothing.
  if (hello.left() === 0) return { kind: "incomplete" };
  const extensions = createReader(hello.vector(2));
  while (extensions.left() >= 4) {
    const type = extensions.number(2);
    const data = extensions.vector(2);
    if (type === serverNameExtension) return firstHostName(data);
  }
  return { kind: "unnamed" };
}

function firstHostName(data: Buffer): Hello {
  const names = createReader(createReader(data).vector(2));
  while (names.left() > 0) {
    const type = names.number(1);
    const name = names.vector(2);
    const text = name.toString("latin1");
    const isName = name.length <= maxNameBytes && /^[\w.-]+$/.test(text);
    if (type === hostNameType)
      return isName ? { kind: "named", serverName: text } : { kind: "unnamed" };
  }
  return { kind: "unnamed" };
}

function createReader(bytes: Buffer): Reader {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Incomplete();
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = (length: 1 | 2 | 3): number => take(length).readUIntBE(0, length);
  return {
    left: () => bytes.length - at,
    number,
    vector: (lengthBytes) => take(number(lengthBytes)),
  };
}
