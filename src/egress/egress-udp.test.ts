import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeInOwnNetwork } from "../../test/helpers/network/own-network.ts";
import { createTestNetwork, type TestNetwork } from "../../test/helpers/network/sandbox-network.ts";
import type { DecisionScope, PermissionNote } from "../core/permission.ts";
import { createEgress, type Egress, type EgressOptions } from "./egress.ts";
import { maxUdpPartners } from "./timing.ts";

const far = "93.184.216.34";

describeInOwnNetwork(import.meta.url, () => {
  let network: TestNetwork;
  let egress: Egress;
  let asked: string[];
  let notes: PermissionNote[];
  const sockets: Socket[] = [];

  beforeEach(async () => {
    network = await createTestNetwork();
    asked = [];
    notes = [];
  });
  afterEach(async () => {
    egress.close();
    for (const socket of sockets.splice(0)) socket.close();
    await network[Symbol.asyncDispose]();
  });

  const begin = async (
    decide: (what: string) => boolean,
    options: Partial<EgressOptions> = {},
    scope: DecisionScope = "run",
  ): Promise<void> => {
    egress = createEgress({
      network,
      gate: {
        decide: async ({ subject }) => {
          const what =
            subject.kind === "net" ? `${subject.protocol} ${subject.host}:${subject.port}` : "";
          asked.push(what);
          return { isAllowed: decide(what), scope };
        },
      },
      resolve: async () => [far],
      onNote: (note) => {
        if (note.kind !== "looked-up") notes.push(note);
      },
      ...options,
    });
    await egress.start();
  };
  /** A server outside that answers with what it got and how often. */
  const serve = async (address: string, port: number): Promise<Socket> => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    sockets.push(socket);
    let count = 0;
    socket.on("message", (bytes, from) => {
      count += 1;
      socket.send(`${bytes.toString()} ${count} ${from.port}`, from.port, from.address);
    });
    socket.bind(port, address);
    await once(socket, "listening");
    return socket;
  };
  const program = async (address = "0.0.0.0"): Promise<Socket> => {
    const socket = await network.bindUdp(address, 0);
    sockets.push(socket);
    return socket;
  };
  const take = (address: string, port: number) =>
    egress.take({ protocol: "udp", address, port, signal: new AbortController().signal });
  const exchange = async (
    socket: Socket,
    text: string,
    address: string,
    port: number,
  ): Promise<string> => {
    socket.send(text, port, address);
    const [bytes, from] = (await once(socket, "message")) as [Buffer, { address: string }];
    expect(from.address).toBe(address);
    return bytes.toString();
  };

  test("a program exchanges datagrams with an allowed name, each socket with a partner of its own", async () => {
    await begin(() => true);
    await serve(far, 4433);
    const [address] = (await network.resolve("quic.example.com", "A")) as string[];
    expect(await take(address!, 4433)).toEqual({ kind: "continue" });
    const [one, two] = [await program(), await program()];
    const first = await exchange(one, "a", address!, 4433);
    const again = await exchange(one, "b", address!, 4433);
    const other = await exchange(two, "c", address!, 4433);
    expect([first, again, other].map((text) => text.slice(0, 3))).toEqual(["a 1", "b 2", "c 3"]);
    expect(again.split(" ")[2]).toBe(first.split(" ")[2]);
    expect(other.split(" ")[2]).not.toBe(first.split(" ")[2]);
    expect(asked).toEqual(["udp quic.example.com:4433"]);
  });

  test("IPv6 addresses, too", async () => {
    await begin(() => true);
    await serve("2606:4700::1111", 4433);
    expect(await take("2606:4700::1111", 4433)).toEqual({ kind: "continue" });
    expect(await exchange(await program("::"), "six", "2606:4700::1111", 4433)).toMatch(/^six 1/);
  });

  test("a denied call is told so, and nothing listens", async () => {
    await begin(() => false);
    expect(await take(far, 4433)).toEqual({ kind: "errno", errno: "EACCES" });
    expect(network.approved).not.toContain(`udp ${far} 4433`);
  });

  test("a name that leads inward later is asked about for each new partner", async () => {
    const answers = [[far], ["127.0.0.1"]];
    await begin((what) => !what.includes("127."), { resolve: async () => answers.shift() ?? [] });
    await serve(far, 4433);
    const inward = await serve("127.0.0.1", 4433);
    let reached = 0;
    inward.on("message", () => (reached += 1));
    const [address] = (await network.resolve("rebind.example.com", "A")) as string[];
    await take(address!, 4433);
    await exchange(await program(), "a", address!, 4433);
    (await program()).send("b", 4433, address);
    await expect.poll(() => asked).toEqual(["udp rebind.example.com:4433", "udp 127.0.0.1:4433"]);
    expect(reached).toBe(0);
  });

  test("with an answer for once only one socket is relayed, until it has been idle", async () => {
    await begin(() => true, { timing: { udpAnsweredMs: 100, udpIdleMs: 100 } }, "once");
    await serve(far, 4433);
    await take(far, 4433);
    const [one, two] = [await program(), await program()];
    await exchange(one, "a", far, 4433);
    two.send("b", 4433, far);
    expect(await exchange(one, "c", far, 4433)).toMatch(/^c 2/);
    await expect.poll(() => network.approved.has(`udp ${far} 4433`)).toBe(false);
    await take(far, 4433);
    expect(await exchange(two, "d", far, 4433)).toMatch(/^d 3/);
    expect(asked).toHaveLength(2);
  });

  test("that nobody listens there is silence, and the next datagram may arrive", async () => {
    await begin(() => true);
    await take(far, 4433);
    const socket = await program();
    socket.send("lost", 4433, far);
    await serve(far, 4434);
    await take(far, 4434);
    await exchange(socket, "a", far, 4434);
    await serve(far, 4433);
    expect(await exchange(socket, "b", far, 4433)).toMatch(/^b 1/);
  });

  test("partners are bounded, and so noted", async () => {
    await begin(() => true);
    await serve(far, 4433);
    await take(far, 4433);
    for (let count = 0; count <= maxUdpPartners; count += 1) {
      const socket = await program();
      socket.send("x", 4433, far);
      if (count < maxUdpPartners) await once(socket, "message");
    }
    await expect
      .poll(() => notes)
      .toEqual([{ kind: "too-many-connections", protocol: "udp", host: far, port: 4433 }]);
  });

  test("whatever resolver a program asks, ours answers, without a question", async () => {
    await begin(() => false);
    const socket = await program();
    expect(await take("8.8.8.8", 53)).toEqual({ kind: "continue" });
    const query = Buffer.concat([
      Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
      Buffer.from("\x03www\x07example\x03com\x00", "latin1"),
      Buffer.from([0, 1, 0, 1]),
    ]);
    socket.send(query, 53, "8.8.8.8");
    const [answer] = (await once(socket, "message")) as [Buffer];
    expect([...answer.subarray(-4)]).toEqual([198, 18, 0, 1]);
    expect(await take("8.8.4.4", 5353)).toEqual({ kind: "errno", errno: "EACCES" });
    expect(asked).toEqual(["udp 8.8.4.4:5353"]);
  });
});
