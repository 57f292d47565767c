/**
 * @module
 * A network like a sandbox's, without a sandbox: a namespace in which every address is local.
 */
import { spawn, type ChildProcess } from "node:child_process";
import type { Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import type { Server, Socket } from "node:net";
import { fileURLToPath } from "node:url";
import type { Egress } from "../../../src/egress/egress.ts";
import type { SandboxNetwork } from "../../../src/egress/sandbox-network.ts";
import type { NetProtocol } from "../../../src/core/permission.ts";
import { anyAddressIsLocal } from "./own-network.ts";

export interface TestNetwork extends SandboxNetwork, AsyncDisposable {
  /** What a program's connect() does, whose calls to what is not approved are parked. */
  connect(egress: Egress, address: string, port: number): Promise<Socket>;
  /** What a program's look-up of a name gives. */
  resolve(name: string, type: string): Promise<unknown>;
  /** `tcp 198.18.0.1 443`, … */
  readonly approved: ReadonlySet<string>;
}

interface Reply {
  readonly id: number;
  readonly answer?: unknown;
  readonly code?: string;
}

const agent = fileURLToPath(new URL("agent.mjs", import.meta.url));

export async function createTestNetwork(): Promise<TestNetwork> {
  const script = `${anyAddressIsLocal} && exec "$0" "$1"`;
  const child = spawn("unshare", ["--net", "sh", "-c", script, process.execPath, agent], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await once(child, "message");
  const ask = createAsk(child);
  const approved = new Set<string>();
  const keyOf = (protocol: NetProtocol, address: string, port: number): string =>
    `${protocol} ${address} ${port}`;
  const network: TestNetwork = {
    approved,
    listenTcp: async (address, port) => {
      const { handle } = await ask("listenTcp", { address, port });
      approved.add(keyOf("tcp", address, port));
      return handle as Server;
    },
    bindUdp: async (address, port) => {
      const { handle } = await ask("bindUdp", { address, port });
      approved.add(keyOf("udp", address, port));
      return handle as UdpSocket;
    },
    withdraw: (protocol, address, port) => void approved.delete(keyOf(protocol, address, port)),
    dialTcp: async (address, port) => {
      const { handle } = await ask("dialTcp", { address, port });
      const socket = handle as Socket;
      socket.allowHalfOpen = true;
      return socket;
    },
    connect: async (egress, address, port) => {
      if (!approved.has(keyOf("tcp", address, port))) {
        const { signal } = new AbortController();
        const answer = await egress.take({ protocol: "tcp", address, port, signal });
        if (answer.kind === "errno") throw codedError(answer.errno);
      }
      return network.dialTcp(address, port);
    },
    resolve: async (name, type) => (await ask("resolve", { name, type })).answer,
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
  return network;
}

function createAsk(
  child: ChildProcess,
): (operation: string, parameters: object) => Promise<{ answer: unknown; handle: unknown }> {
  const waiting = new Map<number, (reply: Reply, handle: unknown) => void>();
  let lastId = 0;
  child.on("message", (reply: Reply, handle) => {
    waiting.get(reply.id)?.(reply, handle);
    waiting.delete(reply.id);
  });
  return (operation, parameters) =>
    new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, (reply, handle) => {
        if (reply.code === undefined) resolve({ answer: reply.answer, handle });
        else reject(codedError(reply.code));
      });
      child.send({ id: lastId, operation, ...parameters });
    });
}

function codedError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
