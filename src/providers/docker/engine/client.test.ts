import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import * as http from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createEngineClient, type EngineClient } from "./client.ts";
import type { Endpoint } from "./endpoint.ts";

/** A daemon that answers `/version`; everything else is the test's. Sees the path without version. */
type Handler = (request: http.IncomingMessage, response: http.ServerResponse, path: string) => void;

let folder: string;
let socketPath: string;
let server: Server;
let client: EngineClient;
let requests: string[];
let connections: number;

const endpointOf = (path: string): Endpoint => ({
  description: `unix://${path}`,
  isLocal: true,
  isSecure: false,
  connection: { socketPath: path },
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "engine-test-"));
  socketPath = join(folder, "docker.sock");
  requests = [];
  connections = 0;
  client = createEngineClient(endpointOf(socketPath));
});
const sockets = new Set<Socket>();
afterEach(async () => {
  client.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  if (server.listening) await once(server.close(), "close");
  rmSync(folder, { recursive: true });
});

async function listen(next: Server): Promise<void> {
  server = next;
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
  });
  await once(server.listen(socketPath), "listening");
}

async function serve(handler: Handler, version: unknown = { ApiVersion: "1.41" }): Promise<void> {
  await listen(
    http.createServer((request, response) => {
      const { method = "", url = "" } = request;
      requests.push(`${method} ${url}`);
      if (url === "/version") response.end(JSON.stringify(version));
      else handler(request, response, url.replace(/^\/v1\.\d+/, ""));
    }),
  );
}

/** Answers with a status and JSON. */
const answer = (response: http.ServerResponse, status: number, value: unknown): void => {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
};

describe("request", () => {
  test("sends JSON under the version that was agreed on once", async () => {
    await serve(
      (request, response) => {
        void text(request).then((body) => {
          answer(response, 201, { body, type: request.headers["content-type"] });
        });
      },
      { ApiVersion: "1.52", MinAPIVersion: "1.44" },
    );
    const query = { name: "a b&c", force: true, limit: 3, filters: undefined };
    const created = await client.request("POST", "/containers/create", { query, body: { A: 1 } });
    expect(created).toEqual({ body: '{"A":1}', type: "application/json" });
    await client.request("GET", "/info");
    expect(requests).toEqual([
      "GET /version",
      "POST /v1.44/containers/create?name=a+b%26c&force=true&limit=3",
      "GET /v1.44/info",
    ]);
  });

  test("calls that begin together agree once", async () => {
    await serve((_request, response) => answer(response, 200, []));
    await Promise.all([1, 2, 3].map(() => client.request("GET", "/images/json")));
    expect(requests.filter((line) => line === "GET /version")).toHaveLength(1);
  });

  test("a warm call makes no connection", async () => {
    await serve((_request, response) => answer(response, 200, {}));
    for (let count = 0; count < 5; count++) await client.request("GET", "/info");
    expect(connections).toBe(1);
  });

  test.each([
    ["bytes", () => Buffer.from("tar"), "3"],
    ["a stream", () => Readable.from([Buffer.from("t"), Buffer.from("ar")]), undefined],
  ])("sends %s as they are", async (_what, body, length) => {
    await serve((request, response) => {
      void text(request).then((sent) => answer(response, 200, { sent, ...request.headers }));
    });
    expect(await client.request("PUT", "/containers/x/archive", { body: body() })).toMatchObject({
      sent: "tar",
      "content-type": "application/x-tar",
      ...(length === undefined ? {} : { "content-length": length }),
    });
  });

  test.each([204, 304])("an empty answer with status %i is undefined", async (status) => {
    await serve((_request, response) => response.writeHead(status).end());
    expect(await client.request("POST", "/containers/x/start")).toBeUndefined();
  });

  test.each([
    [404, '{"message":"No such container: x"}', "No such container: x"],
    [409, '{"message":"name in use"}', "name in use"],
    [400, "Client sent an HTTP request to an HTTPS server.\n", "Client sent an HTTP request"],
    [500, "", "HTTP status 500"],
    [301, "", "HTTP status 301"],
    [500, "null", "null"],
  ])("status %i with `%s` is an EngineError", async (status, body, message) => {
    await serve((_request, response) => response.writeHead(status).end(body));
    await expect(client.request("GET", "/containers/x/json")).rejects.toMatchObject({
      name: "EngineError",
      status,
      message: expect.stringContaining(message) as string,
    });
    expect(connections).toBe(1);
  });

  test("a daemon that says no early lets go of the body", async () => {
    await serve((_request, response) => answer(response, 413, { message: "too large" }));
    const body = new Readable({ read: () => undefined });
    body.push("begun");
    await expect(client.request("POST", "/build", { body })).rejects.toThrow("too large");
    expect(body.destroyed).toBe(true);
  });

  test("a body that can't be read is its own failure", async () => {
    await serve((request) => request.resume());
    const body = new Readable({ read: () => undefined });
    const sent = expect(client.request("POST", "/build", { body })).rejects.toThrow("disk is gone");
    body.destroy(new Error("disk is gone"));
    await sent;
  });

  test("a call that only reads survives a daemon that was started anew", async () => {
    await serve((request, response, path) => {
      // Closes the connection upon its second call, as if it had been closed while idle.
      if (path === "/stale" && connections === 1) request.socket.destroy();
      else answer(response, 200, { ok: true });
    });
    await client.request("GET", "/info");
    expect(await client.request("GET", "/stale")).toEqual({ ok: true });
    expect(connections).toBe(2);
  });

  test("a call that changes something is not sent twice", async () => {
    await serve((request, response) => {
      if (request.method === "POST") request.socket.destroy();
      else answer(response, 200, {});
    });
    await client.request("GET", "/info");
    await expect(client.request("POST", "/containers/x/start")).rejects.toMatchObject({
      code: "PROVIDER_UNAVAILABLE",
    });
    expect(requests.filter((line) => line.startsWith("POST"))).toHaveLength(1);
  });
});

describe("a daemon that can't be talked to", () => {
  const unavailable = (message: RegExp): object =>
    expect.objectContaining({
      code: "PROVIDER_UNAVAILABLE",
      message: expect.stringMatching(message) as string,
    }) as object;

  beforeEach(() => {
    server = createServer();
  });

  test("is not there, and found when it is", async () => {
    await expect(client.request("GET", "/info")).rejects.toEqual(
      unavailable(/docker\.sock.*ENOENT.*Start Docker/),
    );
    await serve((_request, response) => answer(response, 200, { ok: true }));
    expect(await client.request("GET", "/info")).toEqual({ ok: true });
  });

  test.skipIf(process.getuid?.() === 0)("is not for this user", async () => {
    await serve((_request, response) => response.end());
    chmodSync(socketPath, 0);
    await expect(client.request("GET", "/info")).rejects.toEqual(
      unavailable(/EACCES.*group docker/),
    );
  });

  test.each([
    ["speaks no HTTP", "SSH-2.0-OpenSSH\r\n", /Check that a Docker daemon listens/],
    ["is another web server", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<br>", /is not JSON/],
    ["is another API", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", /which API version/],
    ["hangs up", "", /Try again/],
  ])("%s", async (_what, bytes, message) => {
    await listen(createServer((socket) => socket.end(bytes)));
    await expect(client.request("GET", "/info")).rejects.toEqual(unavailable(message));
  });

  test("does not answer in time", async () => {
    await serve(() => undefined);
    await expect(client.request("GET", "/info", { timeoutMs: 50 })).rejects.toEqual(
      unavailable(/no answer within 50 ms/),
    );
  });

  test("does not answer at all, not even which version it speaks", async () => {
    await listen(createServer());
    await expect(client.request("GET", "/info", { timeoutMs: 50 })).rejects.toEqual(
      unavailable(/no answer within 50 ms/),
    );
  });

  test("does not finish its answer", async () => {
    await serve((_request, response) => response.writeHead(200).write("{"));
    await expect(client.request("GET", "/info", { timeoutMs: 50 })).rejects.toEqual(
      unavailable(/no answer within 50 ms/),
    );
  });

  test("cuts its answer", async () => {
    await serve((_request, response) => {
      response.writeHead(200, { "Content-Length": 100 }).write("{", () => response.destroy());
    });
    await expect(client.request("GET", "/info")).rejects.toEqual(unavailable(/aborted/));
  });

  test("answers without end", async () => {
    let sentBytes = 0;
    await serve((_request, response) => {
      const block = Buffer.alloc(1024 * 1024, " ");
      Readable.from(
        (function* () {
          for (; ; sentBytes += block.length) yield block;
        })(),
      ).pipe(response);
    });
    await expect(client.request("GET", "/info")).rejects.toEqual(
      unavailable(/longer than 16777216 bytes/),
    );
    expect(sentBytes).toBeLessThan(32 * 1024 * 1024);
  });
});

describe("the caller's signal", () => {
  test("ends a call with its reason", async () => {
    const controller = new AbortController();
    const reason = new Error("canceled");
    await serve(() => controller.abort(reason));
    const { signal } = controller;
    await expect(client.request("GET", "/info", { signal })).rejects.toBe(reason);
    await expect(client.request("GET", "/info", { signal })).rejects.toBe(reason);
    expect(requests).toEqual(["GET /version", "GET /v1.41/info"]);
  });

  test("ends a stream with its reason, also long after the head", async () => {
    const controller = new AbortController();
    await serve((_request, response) => response.writeHead(200).write('{"n":1}'));
    const seen: object[] = [];
    const read = async (): Promise<void> => {
      for await (const event of client.stream("GET", "/events", { signal: controller.signal })) {
        seen.push(event);
        controller.abort(new Error("enough"));
      }
    };
    await expect(read()).rejects.toThrow("enough");
    expect(seen).toEqual([{ n: 1 }]);
  });
});

describe("stream", () => {
  async function collect(objects: object[] = []): Promise<object[]> {
    for await (const object of client.stream("POST", "/images/create")) objects.push(object);
    return objects;
  }

  test("gives each object", async () => {
    await serve((_request, response) => response.end('{"status":"a"}\r\n{"status":"b"}{"c":1}'));
    expect(await collect()).toEqual([{ status: "a" }, { status: "b" }, { c: 1 }]);
  });

  test.each([
    ['{"error":"denied"}', "denied"],
    ['{"error":"short","errorDetail":{"code":1,"message":"the command returned 1"}}', "returned 1"],
    ['{"errorDetail":{"message":"only detail"}}', "only detail"],
  ])("%s is an EngineError", async (line, message) => {
    await serve((_request, response) => response.end(`{"status":"begun"}\n${line}\n`));
    const seen: object[] = [];
    await expect(collect(seen)).rejects.toMatchObject({
      name: "EngineError",
      status: 200,
      message: expect.stringContaining(message) as string,
    });
    expect(seen).toEqual([{ status: "begun" }]);
  });

  test("throws a refusal", async () => {
    await serve((_request, response) => answer(response, 404, { message: "no such image" }));
    await expect(collect()).rejects.toMatchObject({ status: 404, message: "no such image" });
  });

  test("bounds an object", async () => {
    await serve((_request, response) => response.end(`{"a":"${"x".repeat(1024 * 1024)}"}`));
    await expect(collect()).rejects.toThrow("longer than 1048576 bytes");
  });

  test("leaving the loop ends the call", async () => {
    let closed: Promise<unknown> = Promise.resolve();
    await serve((_request, response) => {
      closed = once(response, "close");
      response.writeHead(200).write('{"n":1}');
    });
    for await (const event of client.stream("GET", "/events")) {
      expect(event).toEqual({ n: 1 });
      break;
    }
    await closed;
  });

  test("its time counts until the head", async () => {
    await serve((_request, response) => {
      response.writeHead(200).write('{"n":1}');
      setTimeout(() => response.end('{"n":2}'), 120);
    });
    const seen: object[] = [];
    for await (const event of client.stream("GET", "/events", { timeoutMs: 60 })) seen.push(event);
    expect(seen).toHaveLength(2);
  });
});

describe("hijack", () => {
  const upgraded = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
  const plain = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n";

  /** Takes the connection over with `head`, and answers what came in once stdin is closed. */
  async function serveAttach(head: string): Promise<void> {
    await serve((_request, response) => response.end());
    server.on("upgrade", (request: http.IncomingMessage, socket: Socket, first: Buffer) => {
      requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
      const input = [first];
      socket.on("data", (chunk) => input.push(chunk));
      socket.on("end", () => socket.end(`got ${Buffer.concat(input).toString()}`));
      socket.write(`${head}early `);
    });
  }

  test.each([
    ["101", upgraded],
    ["200", plain],
  ])("with status %s gives a connection that can be half closed", async (_status, head) => {
    await serveAttach(head);
    const connection = await client.hijack("/containers/x/attach", { stream: 1, stdin: 1 });
    connection.write("one ");
    connection.end("two");
    expect(await text(connection)).toBe("early got one two");
    expect(requests[1]).toBe("POST /v1.41/containers/x/attach?stream=1&stdin=1");
  });

  test("is the caller's: neither the signal nor close() ends it", async () => {
    await serveAttach(upgraded);
    const controller = new AbortController();
    const connection = await client.hijack("/containers/x/attach", {}, controller.signal);
    controller.abort();
    client.close();
    connection.end("on");
    expect(await text(connection)).toBe("early got on");
  });

  test.each([
    ["101", upgraded],
    ["200", plain],
  ])("with status %s: destroying it closes the connection, without an error", async (_s, head) => {
    await serveAttach(head);
    const connection = await client.hijack("/containers/x/attach");
    const [socket] = sockets;
    // Its last words to a connection that is gone are an error, which `once` would throw.
    const gone = new Promise((resolve) => socket!.on("error", resolve).on("close", resolve));
    connection.destroy();
    await Promise.all([gone, once(connection, "close")]);
  });

  test.each([
    ["101", upgraded],
    ["200", plain],
  ])("with status %s: a slow reader holds the daemon up", async (_s, head) => {
    let waits = false;
    await serve((_request, response) => response.end());
    server.on("upgrade", (_request: http.IncomingMessage, socket: Socket) => {
      socket.write(head);
      while (socket.write(Buffer.alloc(65_536, "x")));
      for (let count = 0; count < 100; count++) socket.write(Buffer.alloc(65_536, "x"));
      waits = socket.writableLength > 0;
      socket.end();
    });
    const connection = await client.hijack("/containers/x/attach");
    connection.once("readable", () => undefined);
    await once(connection, "readable");
    expect(waits).toBe(true);
    expect(connection.readableLength).toBeLessThan(200_000);
    expect((await text(connection)).length).toBeGreaterThan(100 * 65_536);
  });

  test("sends a body, as exec wants one, and throws a refusal", async () => {
    await serve((request, response) => {
      void text(request).then((body) => answer(response, 409, { message: `got ${body}` }));
    });
    const started = client.hijack("/exec/x/start", {}, undefined, { Tty: false });
    await expect(started).rejects.toMatchObject({ status: 409, message: 'got {"Tty":false}' });
  });

  test("its signal ends the wait for the answer", async () => {
    const controller = new AbortController();
    await serve((_request, response) => response.end());
    server.on("upgrade", () => controller.abort(new Error("canceled")));
    const attached = client.hijack("/containers/x/attach", {}, controller.signal);
    await expect(attached).rejects.toThrow("canceled");
  });
});
