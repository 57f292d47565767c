/**
 * @module
 * What listens in a sandbox's network: a socket for each endpoint that was approved.
 */
import type { NetProtocol } from "../core/permission.ts";
import type { SandboxNetwork } from "./sandbox-network.ts";

export interface EndpointAddress {
  readonly protocol: NetProtocol;
  readonly address: string;
  readonly port: number;
}

/** What somebody keeps for an endpoint while something listens there. */
export interface Endpoint {
  /** Settles when it listens. Rejects where that can't be; it is gone then. */
  readonly ready: Promise<void>;
  /** Whether further calls to it need no question. */
  isApproved(): boolean;
  /** Called once, when it is gone: nothing listens there any more. What is connected stays so. */
  onRetired(): void;
}

export interface Endpoints<E extends Endpoint> {
  /** It then counts as used just now. */
  find(at: EndpointAddress): E | undefined;
  /**
   * @param make Begins to listen. Where there are too many, the one that was not used for longest goes.
   */
  add(at: EndpointAddress, make: () => E): E;
  /** Calls to it are parked again. Nothing where it is gone already. */
  retire(at: EndpointAddress, endpoint: E): void;
  /** For good: what is added later goes at once. */
  close(): void;
}

export function createEndpoints<E extends Endpoint>(
  network: SandboxNetwork,
  most: number,
): Endpoints<E> {
  // In the order of their last use.
  const byKey = new Map<string, { readonly at: EndpointAddress; readonly endpoint: E }>();
  let isClosed = false;
  const retire = (at: EndpointAddress, endpoint: E): void => {
    if (byKey.get(keyOf(at))?.endpoint !== endpoint) return;
    byKey.delete(keyOf(at));
    network.withdraw(at.protocol, at.address, at.port);
    endpoint.onRetired();
  };
  const retireOldest = (): void => {
    const [oldest] = byKey.values();
    if (oldest !== undefined) retire(oldest.at, oldest.endpoint);
  };
  return {
    find: (at) => {
      const found = byKey.get(keyOf(at));
      if (found === undefined) return undefined;
      byKey.delete(keyOf(at));
      byKey.set(keyOf(at), found);
      return found.endpoint;
    },
    add: (at, make) => {
      if (byKey.size >= most) retireOldest();
      const endpoint = make();
      byKey.set(keyOf(at), { at, endpoint });
      endpoint.ready.catch(() => {
        retire(at, endpoint);
      });
      if (isClosed) retire(at, endpoint);
      return endpoint;
    },
    retire,
    close: () => {
      isClosed = true;
      while (byKey.size > 0) retireOldest();
    },
  };
}

function keyOf({ protocol, address, port }: EndpointAddress): string {
  return `${protocol} ${address} ${port}`;
}
