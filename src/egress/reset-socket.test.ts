import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, test } from "vitest";
import { resetSocket } from "./reset-socket.ts";

async function connection(): Promise<{ near: Socket; far: Socket; close: () => void }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const near = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [[far]] = (await Promise.all([once(server, "connection"), once(near, "connect")])) as [
    [Socket],
    unknown,
  ];
  return { near, far, close: () => server.close() };
}

test("the other side sees a reset", async () => {
  const { near, far, close } = await connection();
  resetSocket(near);
  await expect(once(far, "close")).rejects.toMatchObject({ code: "ECONNRESET" });
  close();
});

test.each(["at once", "as soon as its end is being sent"])(
  "a socket that is ended %s is closed",
  async (when) => {
    const { near, far, close } = await connection();
    far.on("error", () => undefined);
    near.end("all");
    if (when !== "at once")
      await new Promise<void>((resolve) => {
        process.nextTick(resolve);
      });
    resetSocket(near);
    // Rejects with what `reset EINVAL` would be.
    await once(near, "close");
    far.resume();
    far.destroy();
    close();
  },
);
