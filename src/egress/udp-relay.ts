/**
 * @module
 * UDP of a sandbox to what it may reach. What a program sends to is a socket of ours in its network;
 * each of the program's own sockets that sends there has a partner outside of its own.
 */
import type { Socket as UdpSocket } from "node:dgram";
import type { DecisionScope } from "../core/permission.ts";
import type { Dialer, Target } from "./dial.ts";
import {
  createEndpoints,
  type Endpoint,
  type EndpointAddress,
  type Endpoints,
} from "./endpoints.ts";
import type { SandboxNetwork } from "./sandbox-network.ts";
import { maxEndpoints, type EgressTiming } from "./timing.ts";
import { createUdpFlow, replyTo, type UdpFlow } from "./udp-flow.ts";

export interface UdpRelay {
  /** Whether calls to it need no question, because an earlier one was allowed for the whole run. */
  isApproved(address: string, port: number): boolean;
  /**
   * Makes the endpoint exist; the next socket that sends to it has `outside` as its partner, which is
   * closed where nobody comes. With `once` no other socket is relayed, and the endpoint goes when that
   * one has been idle.
   *
   * @throws As `SandboxNetwork.bindUdp`; `outside` is closed then.
   */
  admit(address: string, target: Target, scope: DecisionScope, outside: UdpSocket): Promise<void>;
  close(): void;
}

export interface UdpRelayOptions {
  readonly network: SandboxNetwork;
  readonly dialer: Dialer;
  readonly timing: EgressTiming;
}

interface UdpEndpoint extends Endpoint {
  readonly at: EndpointAddress;
  readonly target: Target;
  readonly waiting: UdpSocket[];
  /** By address and port of the program's socket. */
  readonly flows: Map<string, UdpFlow>;
  /** How many flows it may yet have: one for each call that was allowed `once`. */
  budget: number;
}

interface State extends UdpRelayOptions {
  readonly endpoints: Endpoints<UdpEndpoint>;
}

interface Client {
  readonly address: string;
  readonly port: number;
}

export function createUdpRelay(options: UdpRelayOptions): UdpRelay {
  const endpoints = createEndpoints<UdpEndpoint>(options.network, maxEndpoints);
  const state: State = { ...options, endpoints };
  return {
    isApproved: (address, port) =>
      endpoints.find({ protocol: "udp", address, port })?.isApproved() ?? false,
    admit: async (address, target, scope, outside) => {
      const at: EndpointAddress = { protocol: "udp", address, port: target.port };
      const endpoint = endpoints.find(at) ?? endpoints.add(at, () => open(state, at, target));
      endpoint.budget = scope === "once" ? endpoint.budget + 1 : Infinity;
      offer(state, endpoint, outside);
      await endpoint.ready;
    },
    close: () => endpoints.close(),
  };
}

function open(state: State, at: EndpointAddress, target: Target): UdpEndpoint {
  const binding = state.network.bindUdp(at.address, at.port);
  let bound: UdpSocket | undefined;
  let isRetired = false;
  const endpoint: UdpEndpoint = {
    at,
    target,
    waiting: [],
    flows: new Map(),
    budget: 0,
    ready: binding.then((socket) => {
      if (isRetired) {
        socket.close();
        return;
      }
      bound = socket;
      socket.on("error", () => undefined);
      socket.on("message", (bytes, client) => {
        flowOf(state, endpoint, socket, client)?.send(bytes);
      });
    }),
    isApproved: () => bound !== undefined && endpoint.budget === Infinity,
    onRetired: () => {
      isRetired = true;
      for (const flow of [...endpoint.flows.values()]) flow.end();
      for (const socket of endpoint.waiting.splice(0)) socket.close();
      bound?.close();
    },
  };
  return endpoint;
}

/** For whoever sends next, for a while. */
function offer(state: State, endpoint: UdpEndpoint, outside: UdpSocket): void {
  endpoint.waiting.push(outside);
  const untaken = setTimeout(() => {
    const index = endpoint.waiting.indexOf(outside);
    if (index === -1) return;
    endpoint.waiting.splice(index, 1);
    outside.close();
    endpoint.budget -= 1;
    retireIfSpent(state, endpoint);
  }, state.timing.untakenMs);
  outside.once("close", () => clearTimeout(untaken));
}

/** Undefined where the endpoint is for others only. */
function flowOf(
  state: State,
  endpoint: UdpEndpoint,
  socket: UdpSocket,
  client: Client,
): UdpFlow | undefined {
  const key = `${client.address} ${client.port}`;
  const known = endpoint.flows.get(key);
  if (known !== undefined || endpoint.budget <= 0) return known;
  const ready = endpoint.waiting.shift();
  endpoint.budget -= 1;
  state.endpoints.find(endpoint.at);
  const flow = createUdpFlow({
    timing: state.timing,
    dial: async (signal) =>
      ready === undefined
        ? state.dialer.udp(endpoint.target, { signal })
        : { kind: "connected", socket: ready },
    onReply: (bytes) => replyTo(socket, bytes, client),
    onEnded: () => {
      endpoint.flows.delete(key);
      retireIfSpent(state, endpoint);
    },
  });
  endpoint.flows.set(key, flow);
  return flow;
}

function retireIfSpent({ endpoints }: State, endpoint: UdpEndpoint): void {
  if (endpoint.budget <= 0 && endpoint.flows.size === 0) endpoints.retire(endpoint.at, endpoint);
}
