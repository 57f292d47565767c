import fc from "fast-check";
import { expect, test } from "vitest";
import { createFrameSplitter, MalformedMessage } from "./frames.ts";
import { maxMessageBytes, opcodes, requestHeaderBytes } from "./protocol.ts";
import { decodeRequest } from "./requests.ts";

/** A message as the kernel makes it. */
function message(opcode: number, body: Uint8Array, nodeId = 1n): Buffer {
  const header = Buffer.alloc(requestHeaderBytes);
  header.writeUInt32LE(requestHeaderBytes + body.byteLength, 0);
  header.writeUInt32LE(opcode, 4);
  header.writeBigUInt64LE(7n, 8);
  header.writeBigUInt64LE(nodeId, 16);
  header.writeUInt32LE(42, 32);
  return Buffer.concat([header, body]);
}

const operation = (opcode: number, ...parts: readonly (string | Uint8Array)[]) =>
  decodeRequest(message(opcode, Buffer.concat(parts.map((part) => Buffer.from(part as string)))))
    .operation;

const anyOpcode = fc.oneof(fc.constantFrom(...Object.values(opcodes)), fc.nat());

test("gives each message as it was sent, however the stream cuts it", () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 });
  const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 120 }));
  fc.assert(
    fc.property(bodies, cuts, (contents, sizes) => {
      const messages = contents.map((content) => message(opcodes.lookup, content));
      const bytes = Buffer.concat(messages);
      const split = createFrameSplitter();
      const frames: Buffer[] = [];
      for (let at = 0; at < bytes.byteLength;) {
        const size = sizes.next().value as number;
        frames.push(...split(bytes.subarray(at, at + size)));
        at += size;
      }
      expect(frames).toEqual(messages);
    }),
  );
});

test.each([0, 1, requestHeaderBytes - 1, maxMessageBytes + 1, 0xffff_ffff])(
  "does not wait for a message of %i bytes",
  (length) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(length);
    expect(() => createFrameSplitter()(bytes)).toThrow(MalformedMessage);
  },
);

test("decodes or refuses whatever comes, and does nothing else", () => {
  fc.assert(
    fc.property(anyOpcode, fc.uint8Array({ maxLength: 300 }), (opcode, body) => {
      try {
        decodeRequest(message(opcode, body));
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedMessage);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("refuses every message that ends too early", () => {
  const whole = new Map([
    [opcodes.getattr, 16],
    [opcodes.setattr, 88],
    [opcodes.open, 8],
    [opcodes.read, 40],
    [opcodes.release, 24],
    [opcodes.interrupt, 8],
    [opcodes.forget, 8],
    [opcodes.init, 16],
  ]);
  for (const [opcode, length] of whole) {
    expect(() => decodeRequest(message(opcode, Buffer.alloc(length)))).not.toThrow();
    expect(() => decodeRequest(message(opcode, Buffer.alloc(3)))).toThrow(MalformedMessage);
  }
});

test.each(["", ".", "..", "a/b", "/"])("takes no name like %j", (name) => {
  expect(() => operation(opcodes.lookup, `${name}\0`)).toThrow(MalformedMessage);
  expect(() => operation(opcodes.rename, Buffer.alloc(8), `a\0${name}\0`)).toThrow(
    MalformedMessage,
  );
});

test("takes no name without its end, and both names of a rename", () => {
  expect(() => operation(opcodes.unlink, "abc")).toThrow(MalformedMessage);
  expect(() => operation(opcodes.rename, Buffer.alloc(8), "a\0b")).toThrow(MalformedMessage);
  const odd = Buffer.from([0xff, 0xfe, 0, 0x62, 0]);
  expect(operation(opcodes.rename, Buffer.alloc(8), odd)).toMatchObject({
    name: "\ufffd\ufffd",
    newName: "b",
  });
});

test("takes no more nodes to forget than it was sent", () => {
  const count = Buffer.alloc(8);
  count.writeUInt32LE(0xffff_ffff);
  expect(() => operation(opcodes.batchForget, count, Buffer.alloc(32))).toThrow(MalformedMessage);
});

test("takes no WRITE that has not as much data as it says", () => {
  const header = Buffer.alloc(40);
  header.writeUInt32LE(4, 16);
  expect(operation(opcodes.write, header, "data")).toMatchObject({ data: Buffer.from("data") });
  expect(() => operation(opcodes.write, header, "dat")).toThrow(MalformedMessage);
});

test("leaves what it doesn't know to the kernel", () => {
  expect(operation(9_999)).toEqual({ kind: "unknown" });
});
