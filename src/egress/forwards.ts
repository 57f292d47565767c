/**
 * @module
 * What listens in a sandbox, reachable from this machine: asked about while the program goes on.
 */
import type { Socket } from "node:net";
import type { AskingProcess, PermissionGate } from "../core/permission.ts";
import { addressClassOf, canonicalAddress } from "../util/address-class.ts";
import { streamOf } from "./connection.ts";
import { listenOnHost, type HostListener } from "./host-listener.ts";
import { createPlaces } from "./places.ts";
import { resetSocket } from "./reset-socket.ts";
import type { SandboxNetwork } from "./sandbox-network.ts";
import { prepareForSplice, splice } from "./splice.ts";
import { maxForwardedConnections } from "./timing.ts";

export interface Forward {
  /** Inside. */
  readonly port: number;
  /** On 127.0.0.1, and ::1 where there is IPv6: the same, or the next one that was free. */
  readonly hostPort: number;
}

export interface Forwards {
  /** Does not throw. Nothing where the port is asked about, or forwarded, already. */
  readonly listened: (port: number, address: string, process?: AskingProcess) => void;
  close(): void;
}

export interface ForwardsOptions {
  readonly network: SandboxNetwork;
  readonly gate: PermissionGate;
  readonly onForward: (forward: Forward) => void;
  /** Allowed, but no port of the host could be had. */
  readonly onFailed: (port: number, error: Error) => void;
}

/** Ports that a program may have asked about, or forwarded, at the same time. */
const maxForwards = 64;

export function createForwards(options: ForwardsOptions): Forwards {
  const { network, gate, onForward, onFailed } = options;
  const closed = new AbortController();
  const isClosed = (): boolean => closed.signal.aborted;
  const joined = createJoins(network);
  const listeners = new Set<HostListener>();
  /** Where to dial for a port: where it was listened on last. */
  const addresses = new Map<number, string>();

  const forward = async (port: number, process: AskingProcess | undefined): Promise<void> => {
    const subject = { kind: "forward", port } as const;
    const question = { subject, ...(process === undefined ? {} : { process }) };
    const { isAllowed } = await gate.decide(question, closed.signal);
    if (!isAllowed || isClosed()) {
      addresses.delete(port);
      return;
    }
    const listener = await listenOnHost(port, (socket) => {
      void joined.join(socket, addresses.get(port) ?? "127.0.0.1", port);
    });
    if (isClosed()) {
      listener.close();
      return;
    }
    listeners.add(listener);
    onForward({ port, hostPort: listener.port });
  };

  return {
    listened: (port, address, process) => {
      const isKnown = addresses.has(port);
      if (isClosed() || (!isKnown && addresses.size >= maxForwards)) return;
      addresses.set(port, dialableAddress(address));
      if (isKnown) return;
      forward(port, process).catch((error: unknown) => {
        addresses.delete(port);
        onFailed(port, error instanceof Error ? error : new Error(String(error)));
      });
    },
    close: () => {
      closed.abort(new Error("the sandbox has ended"));
      for (const listener of listeners) listener.close();
      joined.close();
    },
  };
}

interface Joins {
  /** Does not throw. The socket is reset where nothing listens inside. */
  join(outside: Socket, address: string, port: number): Promise<void>;
  close(): void;
}

function createJoins(network: SandboxNetwork): Joins {
  const places = createPlaces(maxForwardedConnections);
  const sockets = new Set<Socket>();
  return {
    join: async (outside, address, port) => {
      prepareForSplice(track(sockets, outside));
      const leave = places.take();
      if (leave === undefined) {
        resetSocket(outside);
        return;
      }
      outside.once("close", leave);
      try {
        const inside = await network.dialTcp(address, port);
        prepareForSplice(inside);
        splice(streamOf(inside), streamOf(outside));
      } catch {
        resetSocket(outside);
      }
    },
    // Each resets the one that it is joined with.
    close: () => {
      for (const socket of sockets) resetSocket(socket);
    },
  };
}

/** What listens on all addresses is met on loopback. */
function dialableAddress(address: string): string {
  const canonical = canonicalAddress(address) ?? "127.0.0.1";
  if (addressClassOf(canonical) !== "never") return canonical;
  return canonical.includes(":") ? "::1" : "127.0.0.1";
}

function track(all: Set<Socket>, socket: Socket): Socket {
  all.add(socket);
  socket.once("close", () => all.delete(socket));
  return socket;
}
