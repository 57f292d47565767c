/**
 * @module
 * Sockets in the network of a sandbox, made by its launcher.
 */
import { Socket as UdpSocket } from "node:dgram";
import { Server, Socket } from "node:net";
import type { SandboxNetwork } from "../../../egress/sandbox-network.ts";
import type { AskingLauncher } from "./asking-launcher.ts";

/** What a launcher is asked to make, and Node's class for it. */
const kinds = { listen: Server, bind: UdpSocket, connect: Socket } as const;
type Kind = keyof typeof kinds;

export function sandboxNetworkOf({ request, tell }: AskingLauncher): SandboxNetwork {
  const make = async <K extends Kind>(
    kind: K,
    address: string,
    port: number,
  ): Promise<InstanceType<(typeof kinds)[K]>> => {
    const protocol = kind === "bind" ? "udp" : "tcp";
    const { handle } = await request("socket", [kind, protocol, address, String(port)]);
    const expected: unknown = kinds[kind];
    if (typeof expected !== "function" || !(handle instanceof expected)) {
      throw new Error(`the launcher sent no socket to ${kind}`);
    }
    return handle as InstanceType<(typeof kinds)[K]>;
  };
  return {
    listenTcp: (address, port) => make("listen", address, port),
    bindUdp: (address, port) => make("bind", address, port),
    dialTcp: (address, port) => make("connect", address, port),
    withdraw: (protocol, address, port) => {
      tell("withdraw", [protocol, address, String(port)]);
    },
  };
}
