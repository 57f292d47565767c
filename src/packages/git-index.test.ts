import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { checkOut } from "./git-index.ts";

test("a server that says nothing is given up with the signal, and nothing waits for it any longer", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const connected = once(server, "connection");
  const { port } = server.address() as AddressInfo;
  const abort = new AbortController();
  const checkout = checkOut(`http://127.0.0.1:${port}/index.git`, abort.signal);
  const failed = expect(checkout).rejects.toThrow("given up");
  const [socket] = (await connected) as [NodeJS.Socket];
  // Who spoke to it has ended, whoever had started that.
  const closed = once(socket.on("error", () => undefined).resume(), "close");
  abort.abort(new Error("given up"));
  await failed;
  await closed;
  server.close();
  const left = readdirSync(tmpdir()).filter((name) =>
    name.startsWith(`glovebox-index-${process.pid}-`),
  );
  expect(left).toEqual([]);
});
