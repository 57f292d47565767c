/**
 * @module
 * TCP connections of a sandbox to what it may reach. What a program connects to is a listener of ours
 * in its network; each connection to it is dialled outside, and both are joined.
 */
import type { Server, Socket } from "node:net";
import type { DecisionScope } from "../core/permission.ts";
import { streamOf, takeConnection, type Connection } from "./connection.ts";
import type { Dialer, Target } from "./dial.ts";
import {
  createEndpoints,
  type Endpoint,
  type EndpointAddress,
  type Endpoints,
} from "./endpoints.ts";
import type { OnNote } from "./note.ts";
import { resetSocket } from "./reset-socket.ts";
import type { SandboxNetwork } from "./sandbox-network.ts";
import type { Interception } from "./secrets/intercept.ts";
import { watchServerName } from "./server-name.ts";
import { prepareForSplice, splice } from "./splice.ts";
import { maxEndpoints, maxTcpConnections, type EgressTiming } from "./timing.ts";

export interface TcpRelay {
  /** Whether calls to it need no question, because an earlier one was allowed for the whole run. */
  isApproved(address: string, port: number): boolean;
  /**
   * Makes the endpoint exist; the next connection to it is joined with `outside`, which is closed
   * where nobody comes.
   *
   * @throws As `SandboxNetwork.listenTcp`; `outside` is closed then.
   */
  admit(address: string, target: Target, scope: DecisionScope, outside: Connection): Promise<void>;
  close(): void;
}

export interface TcpRelayOptions {
  readonly network: SandboxNetwork;
  readonly dialer: Dialer;
  readonly onNote: OnNote;
  readonly timing: EgressTiming;
  /** Of what secrets are sent to. Absent: there are none. */
  readonly interception?: Interception | undefined;
}

interface TcpEndpoint extends Endpoint {
  readonly at: EndpointAddress;
  readonly target: Target;
  /** Dialled already, for whoever connects next. */
  readonly waiting: Connection[];
  /** How many connections it may yet have: one for each call that was allowed `once`. */
  budget: number;
}

interface State extends TcpRelayOptions {
  readonly endpoints: Endpoints<TcpEndpoint>;
  /**
   * Connections of programs, and what cuts them off. Each one's end is the end of the one outside that it
   * is joined with.
   */
  readonly connections: Map<Socket, () => void>;
}

export function createTcpRelay(options: TcpRelayOptions): TcpRelay {
  const endpoints = createEndpoints<TcpEndpoint>(options.network, maxEndpoints);
  const state: State = { ...options, endpoints, connections: new Map() };
  return {
    isApproved: (address, port) =>
      endpoints.find({ protocol: "tcp", address, port })?.isApproved() ?? false,
    admit: async (address, target, scope, outside) => {
      const at: EndpointAddress = { protocol: "tcp", address, port: target.port };
      const endpoint = endpoints.find(at) ?? endpoints.add(at, () => open(state, at, target));
      endpoint.budget = scope === "once" ? endpoint.budget + 1 : Infinity;
      offer(state, endpoint, outside);
      await endpoint.ready;
    },
    close: () => {
      endpoints.close();
      // A reset, as its partner outside gets: what is cut off must not look complete.
      for (const cut of state.connections.values()) cut();
    },
  };
}

function open(state: State, at: EndpointAddress, target: Target): TcpEndpoint {
  const listening = state.network.listenTcp(at.address, at.port);
  let server: Server | undefined;
  let isRetired = false;
  const endpoint: TcpEndpoint = {
    at,
    target,
    waiting: [],
    budget: 0,
    ready: listening.then((made) => {
      server = made;
      made.on("error", () => undefined);
      made.on("connection", (socket) => {
        accept(state, endpoint, socket);
      });
      if (isRetired) made.close();
    }),
    isApproved: () => server !== undefined && endpoint.budget === Infinity,
    onRetired: () => {
      isRetired = true;
      server?.close();
      for (const { socket } of endpoint.waiting) socket.destroy();
    },
  };
  return endpoint;
}

/** For whoever connects next, for a while. */
function offer(state: State, endpoint: TcpEndpoint, outside: Connection): void {
  endpoint.waiting.push(outside);
  const untaken = setTimeout(() => {
    const index = endpoint.waiting.indexOf(outside);
    if (index === -1) return;
    endpoint.waiting.splice(index, 1);
    outside.socket.destroy();
    // The call that it was for has not made its connection: nor may another.
    spend(state, endpoint);
  }, state.timing.untakenMs);
  outside.socket.once("close", () => clearTimeout(untaken));
}

function spend({ endpoints }: State, endpoint: TcpEndpoint): void {
  endpoint.budget -= 1;
  if (endpoint.budget <= 0) endpoints.retire(endpoint.at, endpoint);
}

function accept(state: State, endpoint: TcpEndpoint, accepted: Socket): void {
  const { connections, endpoints } = state;
  const isOneTooMany = endpoint.budget <= 0 || connections.size >= maxTcpConnections;
  if (isOneTooMany) {
    resetSocket(accepted);
    return;
  }
  const connection = connectionOf(state, endpoint.target, accepted);
  const inside = connection.socket;
  prepareForSplice(inside);
  connections.set(inside, () => resetSocket(inside));
  inside.once("close", () => connections.delete(inside));
  const ready = takeLiving(endpoint.waiting);
  endpoints.find(endpoint.at);
  spend(state, endpoint);
  if (ready === undefined) void dialFor(state, endpoint.target, connection);
  else join(state, endpoint.target, connection, ready);
}

/** Whoever looks into it needs a stream. */
function connectionOf({ interception }: State, target: Target, accepted: Socket): Connection {
  return interception?.of(target) === undefined ? takeConnection(accepted) : streamOf(accepted);
}

/** A connection to an endpoint for which nothing was dialled before: another one than the first. */
async function dialFor(state: State, target: Target, connection: Connection): Promise<void> {
  const inside = connection.socket;
  const gone = new AbortController();
  const onGone = (): void => gone.abort(new Error("the program has closed it"));
  inside.once("close", onGone);
  const dialled = await state.dialer.tcp(target, { signal: gone.signal });
  inside.off("close", onGone);
  if (dialled.kind === "connected") join(state, target, connection, dialled.socket);
  else if (!inside.destroyed) resetSocket(inside);
}

function join(state: State, target: Target, inside: Connection, outside: Connection): void {
  const { onNote, interception, connections } = state;
  const intercept = interception?.of(target);
  if (intercept === undefined) splice(inside, outside, watchServerName(target, onNote));
  else connections.set(inside.socket, intercept(inside.socket, outside));
}

function takeLiving(waiting: Connection[]): Connection | undefined {
  let outside = waiting.shift();
  while (outside?.socket.destroyed === true) outside = waiting.shift();
  return outside;
}
