import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rawConnection, rawPost, request, startServer, type Answer } from "./http-fixture.ts";

/** Programs call this: the connection tells that they run, and its end that all of them are gone. */
let callHome: Server;
beforeAll(async () => {
  callHome = createServer().listen(0, "127.0.0.1");
  await once(callHome, "listening");
});
afterAll(() => {
  callHome.close();
});

/** A program that runs until its connection says a line, and a child that has it open too. */
function waitingProgram(): object {
  const { port } = callHome.address() as { port: number };
  const code = `sleep 60 & exec 3<>/dev/tcp/127.0.0.1/${port}; sleep 60 3>&3 & read line <&3; echo "$line"; kill %1 %2`;
  return { language: "bash", code, limits: { wall_time_ms: 30_000 } };
}

async function nextCall(): Promise<{ socket: Socket; gone: Promise<unknown> }> {
  const [socket] = (await once(callHome, "connection")) as [Socket];
  // A reset is an end as well; `close` follows.
  socket.on("error", () => undefined);
  socket.resume();
  return { socket, gone: new Promise((resolve) => socket.on("close", resolve)) };
}

const codeOf = ({ body }: Answer): string => (body as { error: { code: string } }).error.code;

describe("a client that hangs up", () => {
  test.each(["end", "destroy", "resetAndDestroy"] as const)("ends its run (%s)", async (end) => {
    await using server = await startServer();
    const { socket } = rawConnection(server.port);
    const called = nextCall();
    socket.write(rawPost("/v1/execute", waitingProgram()));
    const { gone } = await called;
    socket[end]();
    await gone;
    expect(server.log()).not.toContain('"level":50');
  });

  test("ends its run on the isobox wire too", async () => {
    await using server = await startServer();
    const { socket } = rawConnection(server.port);
    const called = nextCall();
    socket.write(rawPost("/execute", waitingProgram()));
    const { gone } = await called;
    socket.destroy();
    await gone;
    expect(server.log()).not.toContain('"level":50');
  });

  test("frees its slot", async () => {
    await using server = await startServer({ concurrency: 1, maxQueued: 1 });
    const { socket } = rawConnection(server.port);
    const called = nextCall();
    socket.write(rawPost("/v1/execute", waitingProgram()));
    await called;
    socket.destroy();
    const answer = await server.post("/v1/execute", { language: "bash", code: "echo next" });
    expect(answer.body).toMatchObject({ run: { stdout: "next\n" } });
  });
});

test("a request that arrives too slowly gets 408 and loses its connection", async () => {
  await using server = await startServer({ server: { requestTimeout: "200ms" } });
  const { socket, closed } = rawConnection(server.port);
  socket.write("POST /v1/execute HTTP/1.1\r\nhost: localhost\r\n");
  socket.write("content-type: application/json\r\ncontent-length: 100\r\n\r\n{");
  const answer = await closed;
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  expect(answer).toContain('"code":"REQUEST_TIMEOUT"');
});

test("a run may take longer than a request may take to arrive", async () => {
  await using server = await startServer({ server: { requestTimeout: "200ms" } });
  const answer = await server.post("/v1/execute", { language: "bash", code: "sleep 1; echo a" });
  expect(answer.body).toMatchObject({ run: { stdout: "a\n" } });
});

test("a body without a length is cut off at the limit", async () => {
  await using server = await startServer({ server: { bodyLimit: "1KiB" } });
  const { socket, closed } = rawConnection(server.port);
  socket.write("POST /v1/execute HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
  socket.write("content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n");
  socket.write(`800\r\n${"x".repeat(0x800)}\r\n`);
  const answer = await closed;
  expect(answer).toMatch(/^HTTP\/1.1 413 /);
  expect(answer).toContain("at most 1024 bytes");
});

describe("a server that stops", () => {
  test("gives runs their grace, and their clients the answer", async () => {
    await using server = await startServer({ server: { shutdownGrace: "30s" } });
    const called = nextCall();
    const answer = server.post("/v1/execute", waitingProgram());
    const call = await called;
    const closed = server.app.close();
    call.socket.write("in time\n");
    expect((await answer).body).toMatchObject({ run: { stdout: "in time\n", exit_code: 0 } });
    await closed;
  });

  test("ends what runs longer than the grace, and says so", async () => {
    await using server = await startServer({ server: { shutdownGrace: "50ms" } });
    const called = nextCall();
    const answer = server.post("/v1/execute", waitingProgram());
    const { gone } = await called;
    await Promise.all([server.app.close(), gone]);
    expect([(await answer).status, codeOf(await answer)]).toEqual([503, "SHUTTING_DOWN"]);
    expect(server.log()).not.toContain('"level":50');
    await expect(request(`${server.url}/health`)).rejects.toThrow();
  });

  test("does not wait for a body that never comes", async () => {
    await using server = await startServer();
    const { socket, closed } = rawConnection(server.port);
    socket.write("POST /v1/execute HTTP/1.1\r\nhost: localhost\r\n");
    socket.write("content-type: application/json\r\ncontent-length: 100\r\n\r\n{");
    // An answer on another connection shows that the server has read the first one by now.
    await request(`${server.url}/health`);
    await server.app.close();
    expect(await closed).toBe("");
  });
});

test("a fault of ours is a 500 with an id that the log has too, and tells nothing else", async () => {
  await using server = await startServer({}, (app) => {
    app.get("/fault", async () => {
      throw new Error("secret of /etc/glovebox");
    });
  });
  const answer = await request(`${server.url}/fault`);
  expect([answer.status, codeOf(answer)]).toEqual([500, "INTERNAL"]);
  const { id } = (answer.body as { error: { details: { id: string } } }).error.details;
  expect(JSON.stringify(answer.body)).not.toContain("secret");
  const logged = server
    .log()
    .split("\n")
    .find((line) => line.includes("secret of"));
  expect(logged).toContain(id);
});

describe("where a server may listen", () => {
  test("not where others can reach it, unless the operator insists", async () => {
    await expect(startServer({ server: { host: "0.0.0.0" } })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("--insecure-no-auth") as string,
    });
    const server = { host: "0.0.0.0", insecureNoAuth: true };
    await using open = await startServer({ server });
    const { socket, closed } = rawConnection(open.port);
    socket.write("GET /health HTTP/1.1\r\nhost: box.example\r\nconnection: close\r\n\r\n");
    expect(await closed).toMatch(/^HTTP\/1.1 200 /);
  });

  test("not on a port that is taken", async () => {
    await using first = await startServer();
    await expect(startServer({ server: { port: first.port } })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining(`${first.port} is taken`) as string,
    });
  });

  test.each(["localhost", "127.0.0.1", "::1"])("on %s", async (host) => {
    await using server = await startServer({ server: { host } });
    expect((await request(`${server.url}/health`)).status).toBe(200);
  });
});

test.each(["all at once", "body later"])(
  "a client that offers another protocol is answered as if it had not: %s",
  async (how) => {
    const server = await startServer();
    try {
      const { socket, closed } = rawConnection(server.port);
      const offer =
        "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk";
      const [head = "", body = ""] = rawPost("/v1/execute", {
        language: "bash",
        code: "echo $((6 * 7))",
      }).split("\r\n\r\n");
      socket.write(`${head}\r\n${offer}\r\n\r\n${how === "all at once" ? body : ""}`);
      if (how === "body later") {
        await expect.poll(() => server.bytesRead()).toBeGreaterThan(0);
        socket.write(body);
      }
      // The connection goes on: another request on it, the last one.
      socket.write("GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
      const text = await closed;
      expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
      expect(text).toContain("42");
      expect(text).toContain("healthy");
    } finally {
      await server[Symbol.asyncDispose]();
    }
  },
);

describe("requests that are sent without waiting for answers", () => {
  test("end with their connection, also those whose turn to be answered has not come", async () => {
    await using server = await startServer();
    const before = server.runCount();
    const { socket, closed } = rawConnection(server.port);
    const sleeping = rawPost("/v1/execute", { language: "bash", code: "sleep 60" });
    socket.write(sleeping + sleeping);
    await expect.poll(() => server.runCount()).toBe(before + 2);
    socket.destroy();
    await closed;
    await expect.poll(() => server.service.slotStats().running).toBe(0);
  });

  test("are not taken in any number", async () => {
    await using server = await startServer();
    const { socket, closed } = rawConnection(server.port);
    const waiting = rawPost("/v1/execute", { language: "bash", code: "sleep 60" });
    socket.write(waiting.repeat(40));
    await closed;
    await expect.poll(() => server.service.slotStats()).toMatchObject({ running: 0, waiting: 0 });
    expect((await request(`${server.url}/health`)).status).toBe(200);
  });
});
