import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Resolver } from "node:dns/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDnsServer, type DnsServer } from "./dns-server.ts";
import { createNames } from "./names.ts";

let dns: DnsServer;
let tcp: Server;
let port: number;

beforeEach(async () => {
  dns = createDnsServer(createNames(), () => undefined);
  tcp = createServer().listen(0, "127.0.0.1");
  await once(tcp, "listening");
  port = (tcp.address() as AddressInfo).port;
  dns.serveTcp(tcp);
});
afterEach(() => {
  dns.close();
  tcp.close();
});

const question = Buffer.concat([
  Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
  Buffer.from("\x03www\x07example\x03com\x00", "latin1"),
  Buffer.from([0, 1, 0, 1]),
]);
const framed = (bytes: Buffer): Buffer => {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(bytes.length, 0);
  return Buffer.concat([head, bytes]);
};
const open = async (): Promise<Socket> => {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
};

test("a resolver of another make understands the answers", async () => {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  dns.serveUdp(socket);
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  expect(await resolver.resolve4("www.example.com")).toEqual(["198.18.0.1"]);
  expect(await resolver.reverse("198.18.0.1")).toEqual(["www.example.com"]);
  await expect(resolver.resolve4("intranet")).rejects.toThrow("ENOTFOUND");
  await expect(resolver.resolve6("www.example.com")).rejects.toThrow("ENODATA");
  socket.close();
});

test("several questions of one connection are answered, however they are cut", async () => {
  const socket = await open();
  const twice = Buffer.concat([framed(question), framed(question)]);
  socket.write(twice.subarray(0, 1));
  socket.write(twice.subarray(1, 40));
  socket.write(twice.subarray(40));
  let received = Buffer.alloc(0);
  while (received.length < 2 * (2 + question.length + 16)) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    received = Buffer.concat([received, chunk]);
  }
  expect([...received.subarray(-4)]).toEqual([198, 18, 0, 1]);
  socket.destroy();
});

test.each([
  ["a message that is too long", Buffer.from([0xff, 0xff, 0])],
  ["a message that is no question", framed(Buffer.from("nonsense"))],
])("%s ends the connection", async (_, bytes) => {
  const socket = await open();
  socket.write(bytes);
  await expect(once(socket, "close")).rejects.toThrow("ECONNRESET");
});

test("connections are bounded", async () => {
  const sockets = await Promise.all(Array.from({ length: 65 }, open));
  const [reset] = await Promise.race(
    sockets.map(
      (socket) =>
        new Promise<[unknown]>((resolve) => {
          socket.on("error", (error: NodeJS.ErrnoException) => resolve([error.code]));
        }),
    ),
  );
  expect(reset).toBe("ECONNRESET");
  for (const socket of sockets) socket.destroy();
});
