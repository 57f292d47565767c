/**
 * @module
 * Clients that ask for much and read nothing of it.
 */
import { expect, test } from "vitest";
import { rawConnection, rawPost, startServer } from "./http-fixture.ts";

const MIB = 2 ** 20;
// Twice in the answer, and more than the system keeps for a connection.
const large = { language: "bash", code: `head -c ${7 * MIB} /dev/zero | tr '\\0' x` };
const small = { language: "bash", code: "echo small" };
const settings = {
  server: { bodyLimit: "1MiB", bodyBudget: "20MiB", requestTimeout: "8s" },
  limits: { default: { output: "8MiB" }, max: { output: "8MiB" } },
};

test("answers that nobody reads are bounded together, and their connections go", async () => {
  await using server = await startServer(settings);
  const { socket, closed } = rawConnection(server.port);
  socket.pause();
  socket.write(rawPost("/v1/execute", large));
  await expect
    .poll(async () => (await server.post("/v1/execute", large)).status, { timeout: 30_000 })
    .toBe(429);
  const refused = await server.post("/v1/execute", large);
  expect(refused.body).toMatchObject({
    error: { code: "CAPACITY_EXHAUSTED", details: { limit: 20 * MIB } },
  });
  expect(await server.post("/v1/execute", small)).toMatchObject({ status: 200 });
  await expect
    .poll(async () => (await server.post("/v1/execute", large)).status, { timeout: 30_000 })
    .toBe(200);
  socket.resume();
  expect((await closed).length).toBeLessThan(14 * MIB);
}, 90_000);

test("a client that reads slowly gets all of it", async () => {
  await using server = await startServer(settings);
  const { socket } = rawConnection(server.port);
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.byteLength;
    socket.pause();
    setTimeout(() => socket.resume(), 20);
  });
  socket.write(rawPost("/v1/execute", large));
  await expect.poll(() => bytes, { timeout: 40_000 }).toBeGreaterThan(14 * MIB);
  socket.destroy();
}, 90_000);
