import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { rawConnection, rawPost, startServer, type RunningServer } from "./http-fixture.ts";

const MIB = 2 ** 20;
const bodies = { bodyLimit: "1MiB", bodyBudget: "2MiB" };
const filler = { language: "bash", code: `echo ran #${"x".repeat(MIB - 100)}` };
const small = { language: "bash", code: "echo small" };

/** A connection that has sent all of a large request but its last byte, which the server has read. */
async function holdBody(server: RunningServer) {
  const connection = rawConnection(server.port);
  const bytes = rawPost("/v1/execute", filler);
  const received = server.bytesRead() + bytes.length - 1;
  connection.socket.write(bytes.slice(0, -1));
  await expect.poll(() => server.bytesRead(), { timeout: 10_000 }).toBeGreaterThanOrEqual(received);
  return {
    ...connection,
    finish: () => connection.socket.write(bytes.slice(-1)),
  };
}

test("bodies beyond the budget get 429 in our shape, and the next request is served", async () => {
  await using server = await startServer({ server: bodies });
  const first = await holdBody(server);
  const second = await holdBody(server);
  const refused = await server.post("/v1/execute", filler);
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(refused.body).toMatchObject({
    error: { code: "CAPACITY_EXHAUSTED", details: { limit: 2 * MIB } },
  });
  expect(server.runCount()).toBe(0);

  first.socket.destroy();
  await first.closed;
  // What the first one held is free, also for a body of the same size.
  await expect
    .poll(async () => (await server.post("/v1/execute", filler)).status, { timeout: 10_000 })
    .toBe(200);
  second.finish();
  const [answer] = (await once(second.socket, "data")) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 200 /);
  second.socket.destroy();
});

test("a body is held until its run has ended", async () => {
  await using server = await startServer({ server: bodies, concurrency: 3 });
  const door = createServer().listen(0, "127.0.0.1");
  await once(door, "listening");
  const { port } = door.address() as { port: number };
  const code = `exec 3<>/dev/tcp/127.0.0.1/${port}; read line <&3; echo "$line" #`;
  const waiting = { language: "bash", code: code.padEnd(MIB - 100, "x") };
  const running = [0, 1].map(() => server.post("/v1/execute", waiting));
  const calls = [await once(door, "connection")];
  calls.push(await once(door, "connection"));
  expect(await server.post("/v1/execute", filler)).toMatchObject({ status: 429 });
  for (const [socket] of calls) (socket as NodeJS.WritableStream).end("go\n");
  for (const { body } of await Promise.all(running)) {
    expect(body).toMatchObject({ run: { stdout: "go\n" } });
  }
  expect(await server.post("/v1/execute", filler)).toMatchObject({ status: 200 });
  door.close();
});

test("a length that is only announced takes nothing from others", async () => {
  await using server = await startServer({ server: bodies });
  const idle = Array.from({ length: 20 }, () => rawConnection(server.port));
  for (const { socket } of idle) {
    socket.write(rawPost("/v1/execute", filler).slice(0, 200));
  }
  await expect.poll(() => server.bytesRead(), { timeout: 10_000 }).toBeGreaterThanOrEqual(4000);
  expect(await server.post("/v1/execute", small)).toMatchObject({ status: 200 });
  for (const { socket } of idle) socket.destroy();
});

test("a refused connection can be used for the next request", async () => {
  await using server = await startServer({ server: bodies });
  const { socket } = rawConnection(server.port);
  const large = rawPost("/v1/execute", { language: "bash", code: "x".repeat(3 * MIB) });
  socket.write(large);
  const [refusal] = (await once(socket, "data")) as [Buffer];
  expect(refusal.toString()).toMatch(/^HTTP\/1.1 413 /);
  socket.write(rawPost("/v1/execute", small));
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 200 /);
  socket.destroy();
});

test("a client that goes away in the middle of its body is no fault of the server", async () => {
  await using server = await startServer({ server: bodies });
  const held = await holdBody(server);
  held.socket.destroy();
  await held.closed;
  expect(await server.post("/v1/execute", small)).toMatchObject({ status: 200 });
  expect(server.log()).not.toContain('"level":50');
});
