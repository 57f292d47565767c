import fc from "fast-check";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { connect } from "node:tls";
import { expect, test } from "vitest";
import { readServerName } from "./client-hello.ts";

/** What Node really sends first. */
async function helloOf(servername: string | undefined): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const client = connect({
    host: "127.0.0.1",
    port,
    ...(servername === undefined ? {} : { servername }),
  });
  client.on("error", () => undefined);
  const [socket] = (await once(server, "connection")) as [Socket];
  const [bytes] = (await once(socket, "data")) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

test("the name that a client sends is read, from however many pieces", async () => {
  const bytes = await helloOf("api.example.com");
  expect(readServerName(bytes)).toEqual({ kind: "named", serverName: "api.example.com" });
  for (const length of [0, 1, 4, 5, 6, 60]) {
    expect(readServerName(bytes.subarray(0, length))).toEqual({ kind: "incomplete" });
  }
});

test("a hello that is spread over two records is read", async () => {
  const bytes = await helloOf("api.example.com");
  const body = bytes.subarray(5);
  const record = (part: Buffer): Buffer => {
    const head = Buffer.from([22, 3, 1, 0, 0]);
    head.writeUInt16BE(part.length, 3);
    return Buffer.concat([head, part]);
  };
  const spread = Buffer.concat([record(body.subarray(0, 20)), record(body.subarray(20))]);
  expect(readServerName(spread)).toEqual({ kind: "named", serverName: "api.example.com" });
});

test("a hello without a name has none", async () => {
  expect(readServerName(await helloOf(undefined))).toEqual({ kind: "unnamed" });
});

test("what is no TLS has none", () => {
  expect(readServerName(Buffer.from("GET / HTTP/1.1\r\n"))).toEqual({ kind: "unnamed" });
  expect(readServerName(Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0]))).toEqual({ kind: "unnamed" });
});

test("no bytes make it throw, nor give a name that could not be shown", async () => {
  const hello = await helloOf("api.example.com");
  const change = fc.record({ at: fc.nat(hello.length - 1), to: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), fc.nat(hello.length), (changes, length) => {
      const bytes = Buffer.from(hello.subarray(0, length));
      for (const { at, to } of changes) if (at < bytes.length) bytes[at] = to;
      const found = readServerName(bytes);
      if (found.kind === "named") expect(found.serverName).toMatch(/^[\w.-]{1,255}$/);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      readServerName(Buffer.concat([Buffer.from([22, 3, 1, 1, 0, 1]), bytes]));
    }),
  );
});
