/**
 * @module
 * Runs in a network namespace of a sandbox's kind and makes sockets there, for the process that
 * started it: what the launcher does for a real sandbox.
 */
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { connect, createServer } from "node:net";

/** What each message may ask for: an answer, and a socket that the other side then has. */
const operations = {
  listenTcp: ({ address, port }) => {
    const server = createServer();
    return settled(server, "listening", () => server.listen({ port, host: address }));
  },
  bindUdp: ({ address, port }) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    return settled(socket, "listening", () => socket.bind(port, address));
  },
  dialTcp: ({ address, port }) => {
    const socket = connect({ host: address, port, allowHalfOpen: true });
    // What it read here would be lost.
    socket.pause();
    return settled(socket, "connect", () => undefined);
  },
  resolve: async ({ name, type }) => {
    const resolver = new Resolver({ timeout: 2_000, tries: 1 });
    resolver.setServers(["127.0.0.1"]);
    return { answer: await resolver.resolve(name, type) };
  },
};

process.on("message", async ({ id, operation, ...parameters }) => {
  try {
    const { handle, answer } = await operations[operation](parameters);
    process.send({ id, answer }, handle, () => handle?.close?.());
  } catch (error) {
    process.send({ id, code: error.code ?? error.message });
  }
});
process.on("disconnect", () => process.exit());
process.send({ id: 0 });

function settled(handle, event, begin) {
  return new Promise((resolve, reject) => {
    handle.once("error", reject);
    handle.once(event, () => resolve({ handle }));
    begin();
  });
}
