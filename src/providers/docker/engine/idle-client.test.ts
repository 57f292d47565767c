/**
 * In a file and so in a process of its own: it counts what keeps this process alive.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createEngineClient } from "./client.ts";

test("an idle client does not keep the process alive", async () => {
  const pipes = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === "PipeWrap").length;
  const before = pipes();
  const folder = mkdtempSync(join(tmpdir(), "engine-test-"));
  const socketPath = join(folder, "docker.sock");
  const daemonEnds: Socket[] = [];
  const server = createServer((_request, response) => response.end('{"ApiVersion":"1.41"}'));
  server.on("connection", (socket: Socket) => daemonEnds.push(socket.unref()));
  await once(server.listen(socketPath).unref(), "listening");
  const client = createEngineClient({
    description: socketPath,
    isLocal: true,
    isSecure: false,
    connection: { socketPath },
  });
  try {
    await client.request("GET", "/info");
    // The connection goes back to those that are free once all of the answer was read.
    await new Promise((resolve) => setImmediate(resolve));
    expect(daemonEnds.map((socket) => socket.destroyed)).toEqual([false]);
    expect(pipes()).toBe(before);
  } finally {
    client.close();
    server.close();
    rmSync(folder, { recursive: true });
  }
});
