import { spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type Server } from "node:https";
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { findProgram } from "../../../test/helpers/find-program.ts";
import { skipUnless } from "../../../test/helpers/require.ts";
import type { PermissionNote } from "../../core/permission.ts";
import type { Secret } from "../../core/secret.ts";
import { connectTcp } from "../connect.ts";
import { createInterception } from "./intercept.ts";
import { createRunAuthority } from "./run-authority.ts";

const opensslGap = skipUnless(
  "programs",
  findProgram("openssl") === undefined ? "openssl is missing" : undefined,
);
const host = "api.example.com";
const placeholder = `glovebox-secret-TOKEN-${"0".repeat(32)}`;
const value = "the-real-value";
const secret: Secret = { name: "TOKEN", placeholder, value, hosts: [{ pattern: host, port: 443 }] };

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface World {
  readonly notes: PermissionNote[];
  /** A connection through the border, TLS with the run's authority trusted. */
  readonly secure: (options?: { readonly servername?: string }) => Promise<TLSSocket>;
  readonly plain: () => Socket;
  readonly upstream: Server;
  readonly dials: () => number;
}

/** @param certifiedFor Whom the server outside claims to be. */
async function open(
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
  certifiedFor = host,
): Promise<World> {
  const [outsideAuthority, authority] = [createRunAuthority(), createRunAuthority()];
  const upstream = createSecureServer({ ...outsideAuthority.certify(certifiedFor) }, onRequest);
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const notes: PermissionNote[] = [];
  const interception = createInterception({
    ...{ secrets: [secret], authority, roots: outsideAuthority.certificate },
    onNote: (note) => notes.push(note),
  });
  const join = interception.of({ protocol: "tcp", host, port: 443 });
  let dials = 0;
  const border = createTcpServer({ allowHalfOpen: true }, (inside) => {
    inside.on("error", () => undefined);
    dials += 1;
    const signal = new AbortController().signal;
    void connectTcp("127.0.0.1", portOf(upstream), { timeoutMs: 5_000, signal }).then((outside) =>
      join?.(inside, outside),
    );
  });
  border.listen(0, "127.0.0.1");
  await once(border, "listening");
  closers.push(() => {
    border.close();
    upstream.closeAllConnections();
    upstream.close();
  });
  const plain = (): Socket => {
    const socket = connect(portOf(border), "127.0.0.1").on("error", () => undefined);
    closers.push(() => socket.destroy());
    return socket;
  };
  return {
    ...{ notes, plain, upstream },
    dials: () => dials,
    secure: async ({ servername = host } = {}) => {
      const socket = connectTls({ socket: plain(), servername, ca: authority.certificate });
      await once(socket, "secureConnect");
      return socket.on("error", () => undefined);
    },
  };
}

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | readonly string[]>;
  readonly body?: Buffer;
}

async function send(socket: Socket, sent: Sent = {}): Promise<IncomingMessage> {
  const { body, ...options } = sent;
  const headers = { host, ...sent.headers } as Record<string, string>;
  const started = request({ ...options, headers, createConnection: () => socket });
  started.end(body);
  const [answer] = (await once(started, "response")) as [IncomingMessage];
  return answer;
}

const tellHead = (asked: IncomingMessage, response: ServerResponse): void => {
  response.end(JSON.stringify({ url: asked.url, headers: asked.rawHeaders }));
};

test("the host gets the value; what passes otherwise passes as it is", async () => {
  const { secure, notes } = await open(tellHead);
  const headers = { authorization: `Bearer ${placeholder}`, "X-Two": ["a", "b"] };
  const answer = await send(await secure(), { path: `/x?k=${placeholder}`, headers });
  const { url, headers: raw } = JSON.parse(await text(answer)) as {
    url: string;
    headers: string[];
  };
  expect(url).toBe(`/x?k=${value}`);
  expect(raw.join("|")).toContain(`|authorization|Bearer ${value}|X-Two|a|X-Two|b`);
  expect(notes).toEqual([{ kind: "secret-sent", name: "TOKEN", host, port: 443 }]);
});

test("bodies, paths and other hosts keep the placeholder", async () => {
  const { secure, notes } = await open((asked, response) => void asked.pipe(response));
  const socket = await secure();
  const body = Buffer.from(placeholder);
  const answer = await send(socket, { method: "POST", path: `/${placeholder}`, body });
  expect(await text(answer)).toBe(placeholder);
  expect(notes).toEqual([]);
  const interception = createInterception({
    ...{ secrets: [secret], authority: createRunAuthority(), roots: "", onNote: () => undefined },
  });
  const others = [
    { protocol: "tcp", host: "www.example.com", port: 443 },
    { protocol: "tcp", host, port: 80 },
    { protocol: "udp", host, port: 443 },
    { protocol: "tcp", host: `x${host}`, port: 443 },
  ] as const;
  expect(others.map((target) => interception.of(target))).toEqual(others.map(() => undefined));
});

test("many requests share one connection, one after the other", async () => {
  const { secure, upstream, dials } = await open(tellHead);
  let connections = 0;
  upstream.on("secureConnection", () => (connections += 1));
  const socket = await secure();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = () => socket;
  for (let round = 0; round < 5; round += 1) {
    const started = request({ agent, headers: { host }, path: `/${round}` }).end();
    const [answer] = (await once(started, "response")) as [IncomingMessage];
    expect(await text(answer)).toContain(`"/${round}"`);
  }
  expect([connections, dials()]).toEqual([1, 1]);
  agent.destroy();
});

test("pipelined requests are answered in their order", async () => {
  const { secure } = await open(tellHead);
  const socket = await secure();
  const heads = [1, 2, 3].map((n) => `GET /${n} HTTP/1.1\r\nHost: ${host}\r\n`);
  socket.write(`${heads.join("\r\n")}Connection: close\r\n\r\n`);
  const all = await text(socket);
  expect([...all.matchAll(/"url":"(.*?)"/g)].map(([, url]) => url)).toEqual(["/1", "/2", "/3"]);
});

test("50 MB go there and come back", { timeout: 60_000 }, async () => {
  const { secure } = await open((asked, response) => void asked.pipe(response));
  const body = Buffer.alloc(50_000_000, "0123456789");
  const answer = await send(await secure(), { method: "PUT", body });
  expect((await buffer(answer)).equals(body)).toBe(true);
});

test("chunks, trailers, HEAD and answers without a body keep their form", async () => {
  const { secure } = await open((asked, response) => {
    if (asked.method === "HEAD") response.writeHead(200, { "content-length": 123 }).end();
    else if (asked.url === "/none") response.writeHead(204).end();
    else {
      response.writeHead(200, { trailer: "X-Sum" });
      response.write("part");
      response.addTrailers({ "X-Sum": "7" });
      response.end();
    }
  });
  const head = await send(await secure(), { method: "HEAD" });
  expect([head.statusCode, head.headers["content-length"], await text(head)]).toEqual([
    200,
    "123",
    "",
  ]);
  const none = await send(await secure(), { path: "/none" });
  expect([none.statusCode, await text(none)]).toEqual([204, ""]);
  const chunked = await send(await secure());
  expect(await text(chunked)).toBe("part");
  expect(chunked.trailers).toEqual({ "x-sum": "7" });
});

test("a client that waits for leave to send its body gets it from the host", async () => {
  const { secure } = await open((asked, response) => void asked.pipe(response));
  const socket = await secure();
  const headers = { host, expect: "100-continue", "content-length": "4" };
  const started = request({ method: "POST", headers, createConnection: () => socket });
  started.flushHeaders();
  await once(started, "continue");
  started.end("body");
  const [answer] = (await once(started, "response")) as [IncomingMessage];
  expect(await text(answer)).toBe("body");
});

test("another protocol goes both ways after its request, in which the value is", async () => {
  const { secure, upstream } = await open(tellHead);
  upstream.on("upgrade", (asked: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.write("HTTP/1.1 101 Switching\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n");
    socket.write(`${asked.headers.authorization ?? ""};`);
    socket.write(head);
    socket.pipe(socket);
  });
  const socket = await secure();
  const lines = [`Authorization: ${placeholder}`, "Connection: Upgrade", "Upgrade: echo"];
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n${lines.join("\r\n")}\r\n\r\nfirst`);
  let seen = "";
  socket.on("data", (chunk) => (seen += String(chunk)));
  await expect
    .poll(() => seen)
    .toMatch(/^HTTP\/1.1 101 Switching\r\n.*\r\n\r\nthe-real-value;first$/s);
  socket.write(placeholder);
  await expect.poll(() => seen).toMatch(new RegExp(`first${placeholder}$`));
});

test("an upgrade that the host does not want is answered", async () => {
  const { secure } = await open(tellHead);
  const socket = await secure();
  socket.write(`GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n`);
  expect(await text(socket)).toMatch(/^HTTP\/1.1 200 OK.*"\/ws"/s);
});

test("a host that is not who it should be gets nothing, and the program is told", async () => {
  let requests = 0;
  const { secure, notes } = await open(() => (requests += 1), "www.example.com");
  const answer = await send(await secure(), { headers: { authorization: placeholder } });
  expect(answer.statusCode).toBe(502);
  expect(await text(answer)).toMatch(/^glovebox: api.example.com can't be reached .*altnames/s);
  expect([requests, notes]).toEqual([
    0,
    [{ kind: "secret-withheld", host, port: 443, why: "certificate" }],
  ]);
});

test.each([
  ["another server", { servername: "www.example.com" }],
  ["one whose name begins like it", { servername: `${host}.evil.example` }],
])("TLS for %s is refused", async (_, options) => {
  const { secure, notes } = await open(tellHead);
  await expect(secure(options)).rejects.toThrow();
  expect(notes).toEqual([{ kind: "secret-withheld", host, port: 443, why: "other-host" }]);
});

test.each([
  ["no TLS", "GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n"],
  ["something else", "SSH-2.0-OpenSSH_9\r\n"],
])("%s is cut off, and nothing of it goes on", async (_, bytes) => {
  let connections = 0;
  const { plain, notes, upstream } = await open(tellHead);
  upstream.on("request", () => (connections += 1));
  const socket = plain();
  socket.write(bytes);
  await new Promise((resolve) => socket.once("close", resolve));
  expect(connections).toBe(0);
  expect(notes).toEqual([{ kind: "secret-withheld", host, port: 443, why: "not-tls" }]);
});

test.skipIf(opensslGap !== undefined)(
  "a program that does not trust the run's own certificate is told of",
  async () => {
    const { plain, notes } = await open(tellHead);
    // As OpenSSL's clients do it; Node's close without a word.
    const relay = createTcpServer((socket) => void socket.pipe(plain()).pipe(socket)).listen(0);
    closers.push(() => relay.close());
    await once(relay, "listening");
    const at = `127.0.0.1:${portOf(relay)}`;
    const args = ["s_client", "-verify_return_error", "-servername", host, "-connect", at];
    const client = spawn("openssl", args, { stdio: "ignore" });
    await once(client, "exit");
    await expect
      .poll(() => notes)
      .toEqual([{ kind: "secret-withheld", host, port: 443, why: "distrusted" }]);
  },
);

const authorization = `Authorization: ${placeholder}`;
test.each([
  ["another host", `GET / HTTP/1.1\r\nHost: evil.example\r\n${authorization}\r\n\r\n`, 421],
  [
    "two hosts",
    `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: evil.example\r\n${authorization}\r\n\r\n`,
    421,
  ],
  ["another port", `GET / HTTP/1.1\r\nHost: ${host}:8443\r\n${authorization}\r\n\r\n`, 421],
  ["no host", `GET / HTTP/1.0\r\n${authorization}\r\n\r\n`, 421],
  [
    "a whole URL",
    `GET https://evil.example/ HTTP/1.1\r\nHost: ${host}\r\n${authorization}\r\n\r\n`,
    400,
  ],
  ["TRACE", `TRACE / HTTP/1.1\r\nHost: ${host}\r\n${authorization}\r\n\r\n`, 405],
  [
    "two lengths",
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx`,
    400,
  ],
  [
    "length and chunks",
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ["a folded header", `GET / HTTP/1.1\r\nHost: ${host}\r\nX: a\r\n b\r\n\r\n`, 400],
  ["a lone line feed", `GET / HTTP/1.1\nHost: ${host}\nX: a\n\n`, 400],
])("a request with %s goes nowhere", async (_, bytes, status) => {
  let requests = 0;
  const { secure } = await open((_asked, response) => {
    requests += 1;
    response.end();
  });
  const socket = await secure();
  socket.write(bytes);
  expect(await text(socket)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(requests).toBe(0);
});

test("an answer that is cut off does not look whole", async () => {
  const { secure } = await open((_, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("half");
    setImmediate(() => response.destroy());
  });
  const answer = await send(await secure());
  await expect(text(answer)).rejects.toThrow();
});

test.each([
  ["another protocol that nobody asked for", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"],
  ["something else than HTTP", "SSH-2.0-OpenSSH_9\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"],
  ["a head without end", `HTTP/1.1 200 OK\r\nX: ${"a".repeat(200_000)}`],
  ["nothing at all", ""],
])("a host that answers with %s ends the connection, and nothing else", async (_, bytes) => {
  const { secure, upstream } = await open(tellHead);
  upstream.removeAllListeners("request").on("request", ({ socket }: IncomingMessage) => {
    socket.end(bytes);
  });
  const socket = await secure();
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
});

test("early hints in any number, and odd trailers, harm nobody", async () => {
  const { secure, upstream } = await open(tellHead);
  upstream.removeAllListeners("request").on("request", ({ socket }: IncomingMessage) => {
    socket.write("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".repeat(1_000));
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n");
    socket.write(Buffer.from("X-\u00e9: y\r\nX-Two: \u00e9\r\n\r\n", "latin1"));
  });
  const socket = await secure();
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
});

test("a flood of pipelined requests is cut off", async () => {
  let requests = 0;
  const { secure } = await open(() => (requests += 1));
  const socket = await secure();
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(5_000));
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
  expect(requests).toBeLessThan(101);
});

test("the end of either side is the end of the other", async () => {
  const { secure, upstream } = await open(tellHead);
  const sockets: Socket[] = [];
  upstream.on("secureConnection", (socket: Socket) => sockets.push(socket));
  const first = await secure();
  await text(await send(first));
  first.destroy();
  await expect.poll(() => sockets[0]?.destroyed).toBe(true);
  const second = await secure();
  const agent = new Agent({ keepAlive: true });
  agent.createConnection = () => second;
  const started = request({ agent, headers: { host } }).end();
  const [answer] = (await once(started, "response")) as [IncomingMessage];
  await text(answer);
  sockets[1]?.destroy();
  await once(second, "close");
  agent.destroy();
});

test.each([
  ["another protocol's beginning", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a head without end", `GET / HTTP/1.1\r\nHost: ${host}\r\nX: ${"a".repeat(100_000)}\r\n\r\n`],
])("%s reaches nobody", async (_, bytes) => {
  const { secure, upstream } = await open(tellHead);
  let requests = 0;
  upstream.on("request", () => (requests += 1));
  const socket = await secure();
  socket.write(bytes);
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
  expect(requests).toBe(0);
});

/** What the host gets of `bytes`, until it has `last`; it answers each request with `answer`. */
async function onTheWire(bytes: string, last: string, answer: string): Promise<string> {
  const { secure, upstream } = await open(tellHead);
  let seen = "";
  upstream.removeAllListeners("secureConnection");
  upstream.on("secureConnection", (socket: TLSSocket) => {
    closers.push(() => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      seen += chunk.toString("latin1");
      socket.write(answer);
    });
  });
  const socket = await secure();
  socket.resume();
  socket.write(bytes);
  await expect.poll(() => seen).toContain(last);
  return seen;
}

const manyHeaders = "a: b\r\n".repeat(1_100);
const smuggled = `POST /public HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 300\r\n\r\n`;
const length = smuggled.length;
test.each([
  ["POST", "Transfer-Encoding: chunked", `${length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`],
  ["POST", `Content-Length: ${length}`, smuggled],
  ["GET", `Content-Length: ${length}`, smuggled],
])(
  "the body of a %s with %s behind a thousand headers does not become a request",
  async (method, framing, body) => {
    const first = `${method} / HTTP/1.1\r\nHost: ${host}\r\n${manyHeaders}${framing}\r\n\r\n${body}`;
    const next = `GET /next HTTP/1.1\r\nHost: ${host}\r\n${authorization}\r\n\r\n`;
    const answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const seen = await onTheWire(first + next, value, answer);
    expect(seen.slice(0, seen.indexOf("\r\n\r\n"))).toContain(framing);
  },
);

const get = `GET / HTTP/1.1\r\nHost: ${host}\r\n`;
test("an upgrade behind a request that is not answered yet is cut off", async () => {
  const { secure } = await open(() => undefined);
  const socket = await secure();
  socket.write(`${get}\r\n${get}Connection: Upgrade\r\nUpgrade: x\r\n\r\n`);
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
});

test("requests that wait while the host closes are cut off", async () => {
  const { secure, upstream } = await open((_, response) => {
    response.writeHead(200, { connection: "close" }).end("only");
  });
  let requests = 0;
  upstream.on("request", () => (requests += 1));
  const socket = await secure();
  socket.write(`${get}\r\n`.repeat(4));
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
  expect(requests).toBe(1);
});

test("a host that tells to go on without end tells it once", async () => {
  const { secure, upstream } = await open(tellHead);
  upstream.removeAllListeners("request").on("request", ({ socket }: IncomingMessage) => {
    socket.write("HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000));
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  const socket = await secure();
  socket.write(`${get}Connection: close\r\n\r\n`);
  expect((await text(socket)).match(/100 Continue/g)).toHaveLength(1);
});

test("a host that repeats the value in its answer's head tells the program the placeholder", async () => {
  const { secure, upstream } = await open(({ url = "", headers }, response) => {
    response.writeHead(301, {
      location: `https://${host}${url.replace("?", "/?")}`,
      "access-control-allow-headers": `x-${value.toUpperCase()}, y`,
      "x-token": headers["x-token"],
    });
    response.end();
  });
  upstream.on("upgrade", ({ headers }: IncomingMessage, socket: Socket) => {
    const protocol = headers["sec-websocket-protocol"] ?? "";
    socket.end(`HTTP/1.1 101 OK\r\nUpgrade: x\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`);
  });
  const answer = await send(await secure(), {
    path: `/x?k=${placeholder}`,
    headers: { "x-token": placeholder },
  });
  expect(answer.headers).toMatchObject({
    location: `https://${host}/x/?k=${placeholder}`,
    "access-control-allow-headers": `x-${placeholder}, y`,
    "x-token": placeholder,
  });
  const socket = await secure();
  const upgrade = "Connection: Upgrade\r\nUpgrade: x\r\n";
  socket.write(`${get}${upgrade}Sec-WebSocket-Protocol: ${placeholder}\r\n\r\n`);
  expect(await text(socket)).toContain(`Sec-WebSocket-Protocol: ${placeholder}\r\n`);
});
