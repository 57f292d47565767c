/**
 * @module
 * Where the resolver of a sandbox listens: where its programs are told to ask, and wherever else they
 * ask, because what is asked of it is told to nobody.
 */
import type { Socket as UdpSocket } from "node:dgram";
import type { Server } from "node:net";
import type { NetProtocol } from "../core/permission.ts";
import { createDnsServer } from "./dns-server.ts";
import { createEndpoints, type Endpoint } from "./endpoints.ts";
import type { Names } from "./names.ts";
import type { OnNote } from "./note.ts";
import type { SandboxNetwork } from "./sandbox-network.ts";

export const dnsPort = 53;

/** As many resolvers as programs may try in turn. */
const maxResolvers = 64;

export interface DnsEndpoints {
  /** Returns when it listens there. @throws As `SandboxNetwork.listenTcp` and `bindUdp`. */
  open(protocol: NetProtocol, address: string): Promise<void>;
  close(): void;
}

export function createDnsEndpoints(
  network: SandboxNetwork,
  names: Names,
  onNote: OnNote,
): DnsEndpoints {
  const server = createDnsServer(names, onNote);
  const endpoints = createEndpoints<Endpoint>(network, maxResolvers);
  const listen = async (protocol: NetProtocol, address: string): Promise<Server | UdpSocket> => {
    if (protocol === "udp") {
      const socket = await network.bindUdp(address, dnsPort);
      socket.on("error", () => undefined);
      server.serveUdp(socket);
      return socket;
    }
    const listener = await network.listenTcp(address, dnsPort);
    listener.on("error", () => undefined);
    server.serveTcp(listener);
    return listener;
  };
  const make = (protocol: NetProtocol, address: string): Endpoint => {
    const listening = listen(protocol, address);
    return {
      ready: listening.then(() => undefined),
      isApproved: () => true,
      onRetired: () => {
        listening.then(
          (socket) => socket.close(),
          () => undefined,
        );
      },
    };
  };
  return {
    open: async (protocol, address) => {
      const at = { protocol, address, port: dnsPort };
      const endpoint = endpoints.find(at) ?? endpoints.add(at, () => make(protocol, address));
      await endpoint.ready;
    },
    close: () => {
      endpoints.close();
      server.close();
    },
  };
}
