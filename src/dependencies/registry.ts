/**
 * @module
 * The one place that an installation may reach.
 */
import type { PermissionGate } from "../core/permission.ts";

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
 * Allows TCP to these hosts, at the port of the registry's address or 443, and nothing else.
 *
 * @param places Addresses, and names of hosts.
 */
export function registryGate(places: readonly string[]): PermissionGate {
  const allowed = new Set(places.map(endpointOf));
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
  const { protocol, hostname, port } = new URL(registryInside(place));
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return `${host}:${port === "" ? (protocol === "http:" ? 80 : 443) : port}`;
}
