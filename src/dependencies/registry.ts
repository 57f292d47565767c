/**
 * @module
 * The one place that an installation may reach.
 */
import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { PermissionGate } from "../core/permission.ts";
import { addressClassOf } from "../util/address-class.ts";

/** This machine, as sandboxes call it; their own loopback is another one. */
const thisMachine = "host.internal";

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);

/** Its address as seen from a sandbox. */
export function registryInside(registry: string): string {
  const url = new URL(registry);
  if (isLoopback(url.hostname)) url.hostname = thisMachine;
  return url.href;
}

/**
 * `ADDRESS:PORT` of a place, as far as it is in a private network: a registry, or a mirror of one that
 * this machine's names lead to. What a name leads to there is asked about apart. Empty where there is no
 * such name.
 *
 * @param place As `registryGate` has it: nothing in a project says it.
 */
export async function privateEndpoints(
  place: string,
  resolve: (name: string) => Promise<readonly LookupAddress[]> = (name) =>
    lookup(name, { all: true }),
): Promise<readonly string[]> {
  const url = new URL(place.includes("://") ? place : `https://${place}/`);
  if (isLoopback(url.hostname) || isIP(bare(url.hostname)) !== 0) return [];
  const found = await resolve(url.hostname).catch(() => []);
  return found
    .filter(({ address }) => ["private", "loopback"].includes(addressClassOf(address)))
    .map(({ address }) => `${address}:${portOf(url)}`);
}

/**
 * Allows TCP to these hosts, at the port of the registry's address or 443, and nothing else.
 *
 * @param places Addresses, and names of hosts.
 * @param endpoints Besides, as `privateEndpoints` has them.
 */
export function registryGate(
  places: readonly string[],
  endpoints: readonly string[] = [],
): PermissionGate {
  const allowed = new Set([...places.map(endpointOf), ...endpoints]);
  return {
    decide: ({ subject }) => {
      const isAllowed =
        subject.kind === "net" &&
        subject.protocol === "tcp" &&
        allowed.has(`${subject.host}:${subject.port}`);
      return Promise.resolve({ isAllowed, scope: "run" });
    },
  };
}

function endpointOf(place: string): string {
  if (!place.includes("://")) return `${place}:443`;
  const url = new URL(registryInside(place));
  return `${bare(url.hostname)}:${portOf(url)}`;
}

/** Of an address of IPv6 in a URL. */
const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, "$1");

const portOf = ({ protocol, port }: URL): string =>
  port !== "" ? port : protocol === "http:" ? "80" : "443";
