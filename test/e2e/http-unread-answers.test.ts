/**
 * @module
 * Clients that ask for much and read nothing of it.
 */
import { once } from "node:events";
import { expect, test } from "vitest";
import { rawConnection, rawPost, startServer, type RawConnection } from "./http-fixture.ts";

const MIB = 2 ** 20;
// Twice in the answer, and more than the system keeps for a connection.
const large = { language: "bash", code: `head -c ${7 * MIB} /dev/zero | tr '\\0' x` };
const small = { language: "bash", code: "echo small" };
const settings = (requestTimeout: string) => ({
  server: { bodyLimit: "1MiB", bodyBudget: "20MiB", requestTimeout },
  limits: { default: { output: "8MiB" }, max: { output: "8MiB" } },
});
const PATIENCE_MS = 90_000;

/** Waits for the first bytes: until then another's answer could have the room instead. */
async function askAndStopReading(port: number): Promise<RawConnection> {
  const connection = rawConnection(port);
  connection.socket.write(rawPost("/v1/execute", large));
  const [first] = (await once(connection.socket, "data")) as [Buffer];
  connection.socket.pause();
  expect(first.toString()).toMatch(/^HTTP\/1\.1 200 /);
  return connection;
}

test(
  "answers that nobody reads are bounded together",
  async () => {
    await using server = await startServer(settings("5m"));
    const { socket, closed } = await askAndStopReading(server.port);
    const statusOfLarge = async () => (await server.post("/v1/execute", large)).status;
    await expect.poll(statusOfLarge, { timeout: PATIENCE_MS / 3 }).toBe(429);
    const refused = await server.post("/v1/execute", large);
    expect(refused.body).toMatchObject({
      error: { code: "CAPACITY_EXHAUSTED", details: { limit: 20 * MIB } },
    });
    expect(await server.post("/v1/execute", small)).toMatchObject({ status: 200 });
    socket.destroy();
    await closed;
    await expect.poll(statusOfLarge, { timeout: PATIENCE_MS / 3 }).toBe(200);
  },
  PATIENCE_MS,
);

test(
  "a client that reads nothing loses its connection",
  async () => {
    await using server = await startServer(settings("2s"));
    const { socket, closed } = await askAndStopReading(server.port);
    const open = async (): Promise<number> =>
      new Promise((resolve) => {
        server.app.server.getConnections((_error, count) => {
          resolve(count);
        });
      });
    await expect.poll(open, { timeout: PATIENCE_MS / 3 }).toBe(1);
    await expect.poll(open, { timeout: PATIENCE_MS / 3 }).toBe(0);
    socket.resume();
    expect((await closed).length).toBeLessThan(14 * MIB);
  },
  PATIENCE_MS,
);

test("a client that reads slowly gets all of it", async () => {
  await using server = await startServer(settings("1m"));
  const { socket } = rawConnection(server.port);
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.byteLength;
    socket.pause();
    // Slower than the server writes, so that it waits for us again and again: 224 pieces of 64 KiB.
    setTimeout(() => socket.resume(), 20);
  });
  socket.write(rawPost("/v1/execute", large));
  await expect.poll(() => bytes, { timeout: 40_000 }).toBeGreaterThan(14 * MIB);
  socket.destroy();
}, 90_000);
