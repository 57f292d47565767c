/**
 * @module
 * A server that stops gives what runs its grace; who asks it once more waits for none of it.
 */
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import WebSocket from "ws";
import { startServer } from "../../src/app-server.ts";
import { request } from "./http-fixture.ts";

test("killed while it stops: runs, waits and idle sandboxes end at once, and it ends once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "glovebox-stop-test-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const auditFile = join(folder, "audit.jsonl");
  const server = await startServer({
    overrides: {
      provider: "process",
      allowUnsafeProcess: true,
      server: { port: 0, shutdownGrace: "1m" },
      storage: { folder: join(folder, "state") },
      audit: { file: auditFile },
    },
    env: {},
    cwd: folder,
    log: { write: () => undefined },
  });
  const post = (path: string, body: object) =>
    request(`${server.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const long = { language: "bash", code: "sleep 60" };
  const { body } = await post("/v1/executions", long);
  const { id } = body as { id: string };
  const run = post("/v1/execute", long);
  const wait = request(`${server.url}/v1/executions/${id}?wait=60`);
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/sandbox`);
  await once(socket, "open");
  const socketClosed = once(socket, "close");
  const isRunning = async (): Promise<boolean> => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    return /^glovebox_slots_running 2$/m.test(metrics);
  };
  await expect.poll(isRunning, { timeout: 10_000 }).toBe(true);

  const closed = server.close();
  const begun = performance.now();
  await Promise.all([server.kill(), server.kill(), closed]);
  // The grace is a minute.
  expect(performance.now() - begun).toBeLessThan(20_000);
  for (const answer of [await run, await wait]) {
    expect(answer).toMatchObject({ status: 503, body: { error: { code: "SHUTTING_DOWN" } } });
  }
  await socketClosed;
  const audit = await readFile(auditFile, "utf8");
  expect(audit.match(/"server_stopped"/g)).toHaveLength(1);
});
