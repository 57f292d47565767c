import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeInOwnNetwork } from "../../test/helpers/network/own-network.ts";
import { createTestNetwork, type TestNetwork } from "../../test/helpers/network/sandbox-network.ts";
import type { Subject } from "../core/permission.ts";
import { createEgress, type Egress } from "./egress.ts";
import type { Forward } from "./forwards.ts";

describeInOwnNetwork(import.meta.url, () => {
  let network: TestNetwork;
  let egress: Egress;
  let asked: Subject[];
  let forwards: Forward[];
  const servers: Server[] = [];

  beforeEach(async () => {
    network = await createTestNetwork();
    asked = [];
    forwards = [];
  });
  afterEach(async () => {
    egress.close();
    for (const server of servers.splice(0)) server.close();
    await network[Symbol.asyncDispose]();
  });

  const begin = (isAllowed: boolean): void => {
    egress = createEgress({
      network,
      gate: {
        decide: async ({ subject }) => {
          asked.push(subject);
          return { isAllowed, scope: "run" };
        },
      },
      onForward: (forward) => forwards.push(forward),
    });
  };
  const program = async (address: string, port: number): Promise<Server> => {
    const server = await network.listenTcp(address, port);
    servers.push(server);
    server.on("connection", (socket) => {
      socket.allowHalfOpen = true;
      socket.on("error", () => undefined).pipe(socket);
    });
    return server;
  };
  const call = async (host: string, port: number): Promise<Socket> => {
    const socket = connect({ host, port, allowHalfOpen: true });
    await once(socket, "connect");
    return socket;
  };
  const forwarded = async (): Promise<Forward> => {
    await expect.poll(() => forwards.length).toBeGreaterThan(0);
    return forwards.at(-1)!;
  };

  test.each(["0.0.0.0", "::", "127.0.0.1", "::1"])(
    "a program that listens on %s is reached from both loopback addresses",
    async (address) => {
      begin(true);
      await program(address, 8000);
      egress.listened(8000, address);
      expect(await forwarded()).toEqual({ port: 8000, hostPort: 8000 });
      for (const host of ["127.0.0.1", "::1"]) {
        const socket = await call(host, 8000);
        socket.end("hello");
        expect(await text(socket)).toBe("hello");
      }
      expect(asked).toEqual([{ kind: "forward", port: 8000 }]);
    },
  );

  test("nobody but loopback reaches it", async () => {
    begin(true);
    await program("0.0.0.0", 8000);
    egress.listened(8000, "0.0.0.0");
    await forwarded();
    await expect(call("10.0.2.100", 8000)).rejects.toThrow("ECONNREFUSED");
  });

  test("a port that is taken, on either address, gives way to the next one", async () => {
    begin(true);
    const taken = createServer().listen(8000, "127.0.0.1");
    const taken6 = createServer().listen({ port: 8001, host: "::1", ipv6Only: true });
    servers.push(taken, taken6);
    await Promise.all([once(taken, "listening"), once(taken6, "listening")]);
    await program("0.0.0.0", 8000);
    egress.listened(8000, "0.0.0.0");
    expect(await forwarded()).toEqual({ port: 8000, hostPort: 8002 });
  });

  test("the same port is asked about once, and found anew where the program listens anew", async () => {
    begin(true);
    const first = await program("127.0.0.1", 8000);
    egress.listened(8000, "127.0.0.1");
    egress.listened(8000, "127.0.0.1");
    await forwarded();
    first.close();
    const gone = await call("127.0.0.1", 8000);
    await expect(text(gone)).rejects.toThrow("ECONNRESET");
    await program("10.0.2.100", 8000);
    egress.listened(8000, "10.0.2.100");
    const socket = await call("127.0.0.1", 8000);
    socket.end("anew");
    expect(await text(socket)).toBe("anew");
    expect(asked).toHaveLength(1);
  });

  test("denied, nothing listens; and at the end nothing listens any more", async () => {
    begin(false);
    egress.listened(8000, "0.0.0.0");
    await expect.poll(() => asked.length).toBe(1);
    await expect(call("127.0.0.1", 8000)).rejects.toThrow("ECONNREFUSED");
    begin(true);
    egress.listened(8001, "0.0.0.0");
    await forwarded();
    egress.close();
    await expect(call("127.0.0.1", 8001)).rejects.toThrow("ECONNREFUSED");
  });
});
