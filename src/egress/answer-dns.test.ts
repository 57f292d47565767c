import fc from "fast-check";
import { expect, test } from "vitest";
import type { PermissionNote } from "../core/permission.ts";
import { answerDns } from "./answer-dns.ts";
import { decodeQuery, recordTypes } from "./dns-message.ts";
import { createNames, hostNameOf, maxNames } from "./names.ts";

const { A, AAAA, PTR } = recordTypes;
const MX = 15;

function query(
  labels: readonly string[],
  type: number,
  { flags = 0x0100, edns = false, dnsClass = 1 } = {},
): Buffer {
  const header = Buffer.from([
    0xab,
    0xcd,
    flags >> 8,
    flags & 0xff,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    edns ? 1 : 0,
  ]);
  const name = labels.flatMap((label) => {
    const bytes = Buffer.from(label, "latin1");
    return [Buffer.from([bytes.length]), bytes];
  });
  const opt = edns ? [Buffer.from([0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0])] : [];
  return Buffer.concat([header, ...name, Buffer.from([0, 0, type, 0, dnsClass]), ...opt]);
}

/** The answer's code, and its record's data. */
function resolver(): {
  ask: (name: string, type?: number) => string;
  bytes: (message: Buffer) => Buffer | undefined;
  notes: PermissionNote[];
} {
  const names = createNames();
  const notes: PermissionNote[] = [];
  const bytes = (message: Buffer): Buffer | undefined =>
    answerDns(message, names, (note) => notes.push(note));
  return {
    notes,
    bytes,
    ask: (name, type = A) => {
      const sent = query(name.split("."), type);
      const answer = bytes(sent)!;
      const code = answer.readUInt16BE(2) & 0xf;
      if (code !== 0) return `code ${code}`;
      if (answer.readUInt16BE(6) === 0) return "nothing";
      const data = answer.subarray(sent.length + 12);
      if (type === PTR)
        return data
          .toString("latin1")
          .replace(/[^\w-]/g, ".")
          .slice(1, -1);
      return [...data].join(".");
    },
  };
}

test("a name has one address, and the address its name", () => {
  const { ask } = resolver();
  expect(ask("api.example.com")).toBe("198.18.0.1");
  expect(ask("cdn.example.com")).toBe("198.18.0.2");
  expect(ask("API.Example.COM")).toBe("198.18.0.1");
  expect(ask("1.0.18.198.in-addr.arpa", PTR)).toBe("api.example.com");
});

test.each([
  ["api.example.com", AAAA, "nothing"],
  ["api.example.com", MX, "nothing"],
  ["host.internal", A, "198.18.0.1"],
  ["localhost", A, "127.0.0.1"],
  ["some.localhost", A, "127.0.0.1"],
  ["localhost", AAAA, "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1"],
  ["localhost", MX, "nothing"],
  ["intranet", A, "code 3"],
  ["1.0.0.127.in-addr.arpa", PTR, "localhost"],
  ["9.9.18.198.in-addr.arpa", PTR, "code 3"],
  ["8.8.8.8.in-addr.arpa", PTR, "code 3"],
  ["1.0.in-addr.arpa", PTR, "code 3"],
  ["some.arpa", A, "code 3"],
  ["name.invalid", A, "code 3"],
  ["name.onion", A, "code 3"],
  // What old functions take for addresses.
  ["2130706433", A, "code 3"],
  ["0x7f000001", A, "code 3"],
  ["0x7f.1", A, "code 3"],
  ["127.1", A, "code 3"],
  ["127.0.0.1", A, "code 3"],
  ["example.0x1", A, "code 3"],
  // Names are what DNS has: others are made of that by programs.
  ["b\u00fccher.example", A, "code 3"],
  ["xn--bcher-kva.example", A, "198.18.0.1"],
  ["a b.example", A, "code 3"],
  ["a\u0000b.example", A, "code 3"],
  ["-a.example", A, "code 3"],
  ["_dmarc.example", A, "198.18.0.1"],
])("%j of type %i is %s", (name, type, expected) => {
  expect(resolver().ask(name, type)).toBe(expected);
});

test("what is asked besides addresses is noted, in words", () => {
  const { ask, notes } = resolver();
  ask("data.attacker.example", 16);
  ask("api.example.com", AAAA);
  expect(notes).toEqual([{ kind: "dns-type", name: "data.attacker.example", type: "TXT" }]);
});

test("a flood of names ends at a bound, and those before it keep their address", () => {
  const { ask, notes } = resolver();
  for (let count = 0; count < 5_000; count += 1) ask(`n${count}.example.com`);
  expect(ask("n0.example.com")).toBe("198.18.0.1");
  expect(ask(`n${maxNames - 1}.example.com`)).toBe("198.18.16.0");
  expect(ask(`n${maxNames}.example.com`)).toBe("code 2");
  expect(notes[0]).toEqual({ kind: "too-many-names", name: `n${maxNames}.example.com` });
});

test("a question that is only for IPv6, or odd, takes no address", () => {
  const { ask } = resolver();
  ask("one.example.com", AAAA);
  ask("two.example.com", MX);
  expect(ask("three.example.com")).toBe("198.18.0.1");
});

test("EDNS is answered with EDNS", () => {
  const { bytes } = resolver();
  const answer = bytes(query(["a", "b"], A, { edns: true }))!;
  expect(answer.readUInt16BE(10)).toBe(1);
  expect([...answer.subarray(-11, -8)]).toEqual([0, 0, 41]);
  expect(bytes(query(["a", "b"], A))!.readUInt16BE(10)).toBe(0);
});

test("other classes and operations are not implemented", () => {
  const { bytes } = resolver();
  expect(bytes(query(["version", "bind"], 16, { dnsClass: 3 }))!.readUInt16BE(2) & 0xf).toBe(4);
  expect(bytes(query(["a", "b"], A, { flags: 0x2800 }))!.readUInt16BE(2) & 0xf).toBe(4);
});

const longName = Array.from({ length: 5 }, () => "a".repeat(60));
const header = Buffer.from([1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
const tail = Buffer.from([0, 1, 0, 1]);

test.each([
  ["nothing", Buffer.alloc(0)],
  ["a header alone", header],
  ["an answer", query(["a", "b"], A, { flags: 0x8100 })],
  ["a name of more than 255 bytes", query(longName, A)],
  [
    "a name of ten kilobytes",
    query(
      Array.from({ length: 160 }, () => "a".repeat(63)),
      A,
    ),
  ],
  ["a name that points to itself", Buffer.concat([header, Buffer.from([0xc0, 12]), tail])],
  [
    "a label that is too long",
    Buffer.concat([header, Buffer.from([64]), Buffer.alloc(64, 97), Buffer.from([0]), tail]),
  ],
  ["a name without an end", Buffer.concat([header, Buffer.from([3, 97, 98, 99])])],
  ["a name without a type", Buffer.concat([header, Buffer.from([1, 97, 0])])],
  [
    "two questions",
    Buffer.concat([
      Buffer.from([1, 2, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0]),
      query(["a"], A).subarray(12),
    ]),
  ],
])("%s gets no answer", (_, bytes) => {
  expect(resolver().bytes(bytes)).toBeUndefined();
});

test("any bytes get an answer of a bounded size, or none", () => {
  const { bytes } = resolver();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (tailBytes, withHeader) => {
      const message = Buffer.concat([...(withHeader ? [header] : []), tailBytes]);
      expect(bytes(message)?.length ?? 0).toBeLessThanOrEqual(566);
    }),
  );
});

test("what is encoded as a question is read as that question", () => {
  const label = fc.stringMatching(/^[a-z0-9]{1,20}$/);
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 8 }), fc.nat(255), (labels, type) => {
      expect(decodeQuery(query(labels, type))).toMatchObject({
        id: 0xabcd,
        labels,
        type,
        class: 1,
      });
    }),
  );
});

test("a host name is what can be shown and dialled, or nothing", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "binary-ascii", maxLength: 70 }), { maxLength: 6 }),
      (labels) => {
        const name = hostNameOf(labels);
        if (name !== undefined) expect(name).toMatch(/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/);
      },
    ),
  );
});
