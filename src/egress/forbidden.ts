/**
 * @module
 * Where no connection of a sandbox may lead, whatever the answer: the servers of Glovebox, through
 * which a program could allow itself anything.
 */
import { networkInterfaces } from "node:os";
import { addressClassOf, canonicalAddress, carriedAddress } from "../util/address-class.ts";

export interface ForbiddenEndpoint {
  readonly address: string;
  readonly port: number;
}

/**
 * Whether it is such a server. One on this machine is reached by every address of this machine: what
 * a server is bound to may be all of them.
 */
export function isForbidden(
  address: string,
  port: number,
  forbidden: readonly ForbiddenEndpoint[],
): boolean {
  const atPort = forbidden.filter((endpoint) => endpoint.port === port);
  if (atPort.length === 0) return false;
  const own = ownAddresses();
  const target = destinationOf(address);
  return atPort.some((endpoint) => {
    const server = destinationOf(endpoint.address);
    return server === target || (isOwn(server, own) && isOwn(target, own));
  });
}

/** Where it ends: the IPv4 address that an IPv6 address carries, where it does. */
function destinationOf(address: string): string {
  const canonical = canonicalAddress(address) ?? address;
  return carriedAddress(canonical) ?? canonical;
}

function isOwn(address: string, own: ReadonlySet<string>): boolean {
  const isUnspecified = address === "0.0.0.0" || address === "::";
  return isUnspecified || addressClassOf(address) === "loopback" || own.has(address);
}

/** Asked for anew each time: a VPN comes and goes. */
function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  return new Set(all.map(({ address }) => canonicalAddress(address) ?? address));
}
