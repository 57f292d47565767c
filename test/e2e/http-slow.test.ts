/**
 * @module
 * Clients that send much, slowly, or only half: each gets an answer or loses its connection, and
 * others are served meanwhile.
 */
import { once } from "node:events";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  rawConnection,
  rawPost,
  request,
  startServer,
  type RunningServer,
} from "./http-fixture.ts";

const SLOW_MS = 90_000;
const LARGE_BYTES = 10_000_000;
const SLOW_CLIENTS = 100;
/** Each costs the server a look into its database. */
const SLOW_READERS = 30;
const REQUEST_TIMEOUT_MS = 1_000;
/** A run is delayed that takes so much longer than one alone, and so long at all. */
const DELAY_FACTOR = 10;
const MIN_DELAY_MS = 1_000;

interface Route {
  readonly method: string;
  readonly url: string;
}

const routes: Route[] = [];
let server: RunningServer;
beforeAll(async () => {
  const collectRoutes = (app: FastifyInstance): void => {
    app.addHook("onRoute", ({ method, url }) => {
      for (const each of [method].flat()) routes.push({ method: each, url });
    });
  };
  server = await startServer(
    // What one test leaves running must not hold up the next one.
    { server: { requestTimeout: `${REQUEST_TIMEOUT_MS}ms` }, concurrency: 32 },
    collectRoutes,
  );
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  expect(server.faults).toEqual([]);
});

const hello = { language: "bash", code: "echo hello" };

async function isServed(): Promise<void> {
  const answer = await server.post("/v1/execute", hello);
  expect(answer).toMatchObject({ status: 200, body: { run: { stdout: "hello\n" } } });
}

/** Of the fastest of three: something else may have the machine now and then. */
async function servedMs(): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < 3; run++) {
    const begunAt = performance.now();
    await isServed();
    times.push(performance.now() - begunAt);
  }
  return Math.min(...times);
}

describe("ten megabytes", () => {
  test("of anything are no fault of any route", { timeout: SLOW_MS }, async () => {
    const body = JSON.stringify({ odd: "x".repeat(LARGE_BYTES) });
    const taking = routes.filter(({ method }) => !["GET", "HEAD", "OPTIONS"].includes(method));
    expect(taking.length).toBeGreaterThan(5);
    const statuses: string[] = [];
    for (const { method, url } of taking) {
      const path = url.replace(/:\w+|\*/g, "x");
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${server.url}${path}`, { method, headers, body });
      await answer.arrayBuffer();
      statuses.push(`${method} ${path} ${answer.status}`);
    }
    expect(statuses.filter((line) => !/ [24]\d\d$/.test(line))).toEqual([]);
    await isServed();
  });

  test("of a program run, at once and later", { timeout: SLOW_MS }, async () => {
    const code = `echo ran #${"x".repeat(LARGE_BYTES)}`;
    const large = { language: "bash", code };
    expect(await server.post("/v1/execute", large)).toMatchObject({
      body: { run: { stdout: "ran\n" } },
    });
    const { body } = await server.post("/v1/executions", large);
    const { id } = body as { id: string };
    expect(await request(`${server.url}/v1/executions/${id}?wait=60`)).toMatchObject({
      body: { result: { run: { stdout: "ran\n" } } },
    });
  });
});

describe("half a connection", () => {
  const half = "POST /v1/executions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{";
  const get = (path: string, headers = ""): string =>
    `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`;
  const upgrade =
    "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n" +
    "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
  /** Of an execution that waits for its input. */
  const withId = async (suffix: string, headers?: string): Promise<string> => {
    const { body } = await server.post("/v1/executions", {
      ...{ language: "bash", code: "read -t 1 x" },
      interactive: true,
    });
    return get(`/v1/executions/${(body as { id: string }).id}${suffix}`, headers);
  };

  test.each<[string, () => Promise<string> | string]>([
    ["no request", () => ""],
    ["half a request line", () => "GET /hea"],
    ["half a body", () => half],
    ["a request", () => rawPost("/v1/executions", hello)],
    ["a wait", () => withId("?wait=60")],
    ["events", () => withId("/events")],
    ["a WebSocket", () => withId("/attach", upgrade)],
    ["half a WebSocket frame", async () => `${await withId("/attach", upgrade)}\x81`],
    ["a frame without a mask", async () => `${await withId("/attach", upgrade)}\x81\x01x`],
    ["a frame of no kind", async () => `${await withId("/attach", upgrade)}\xff\xff\xff\xff`],
  ])("after %s is closed, and no fault", async (_name, bytesOf) => {
    const { socket, closed } = rawConnection(server.port);
    socket.end(await bytesOf(), "latin1");
    await closed;
    await isServed();
    expect(server.log()).not.toContain('"level":50');
  });
});

describe("many slow clients", () => {
  test("that send a byte now and then lose their connection, and delay nobody", async () => {
    const slow = Array.from({ length: SLOW_CLIENTS }, () => rawConnection(server.port));
    for (const [index, { socket }] of slow.entries()) {
      const start = rawPost("/v1/execute", hello);
      socket.write(start.slice(0, index % 2 === 0 ? 30 : -5));
    }
    const timer = setInterval(() => {
      for (const { socket } of slow) if (socket.writable) socket.write("x");
    }, REQUEST_TIMEOUT_MS / 4);
    const closed = Promise.all(slow.map((each) => each.closed));
    const isClosed = closed.then(() => true);
    let served = 0;
    while (!(await Promise.race([isClosed, isServed().then(() => false)]))) served += 1;
    clearInterval(timer);
    expect(served).toBeGreaterThan(1);
    for (const answer of await closed) expect(answer).toMatch(/^(HTTP\/1.1 4(08|00) .*)?/);
  });

  test("that don't read their events delay nobody", async () => {
    const bytes = 1_000_000;
    const { body } = await server.post("/v1/executions", {
      ...{ language: "bash", code: `head -c ${bytes} /dev/zero | tr '\\0' x` },
      limits: { output_bytes: bytes },
    });
    const { id } = body as { id: string };
    await request(`${server.url}/v1/executions/${id}?wait=60`);
    const aloneMs = await servedMs();
    const slow = Array.from({ length: SLOW_READERS }, () => rawConnection(server.port));
    await Promise.all(
      slow.map(async ({ socket }) => {
        socket.removeAllListeners("data").pause();
        socket.write(`GET /v1/executions/${id}/events HTTP/1.1\r\nhost: localhost\r\n\r\n`);
        await once(socket, "readable");
      }),
    );
    expect(await servedMs()).toBeLessThan(Math.max(MIN_DELAY_MS, aloneMs * DELAY_FACTOR));
    for (const { socket } of slow) socket.destroy();
  });
});
