/**
 * @module
 * Endpoints as flags and rules write them: `api.github.com:443`, `*.github.com`, `udp:8.8.8.8:53`,
 * `[2001:db8::1]:443`, `10.0.0.0/8:*`.
 */
import { isIP } from "node:net";
import type { NetProtocol } from "../core/permission.ts";
import { normalizeHost } from "./host.ts";
import { isInRange, normalizeRange } from "./ip-range.ts";
import { parsePort } from "./port.ts";
import type { Effect, Pattern } from "./rule.ts";

export type NetPattern = Extract<Pattern, { kind: "net" }>;

export const netForms =
  "HOST, HOST:PORT, *.HOST:PORT, ADDRESS:PORT, [IPV6]:PORT or RANGE/BITS:PORT, after `udp:`, `tcp:` or `any:` where it is not the usual protocol";

/**
 * Without a protocol `allow` is of TCP alone, and `deny` of all: what was meant to be closed must not
 * stay open for QUIC.
 *
 * @returns What is wrong with it where it is none.
 */
export function parseNetPattern(text: string, effect: Effect): NetPattern | string {
  if (text.includes("//")) return "is a URL; write its host alone, `api.github.com:443`";
  const [, written, rest = ""] = /^(?:(tcp|udp|any):)?(.*)$/s.exec(text) ?? [];
  const parts = splitPort(rest);
  const host = parseHostPattern(parts.host);
  if (host === undefined) return whyNoHost(parts.host, effect);
  const port = parts.port === undefined ? "*" : parsePort(parts.port);
  if (port === undefined) return "is not right: its port must be from 1 to 65535, or `*`";
  const protocol = (written as NetProtocol | "any" | undefined) ?? usualProtocol[effect];
  return { kind: "net", protocol, host, port };
}

const usualProtocol = { allow: "tcp", deny: "any" } as const;

/** As `parseNetPattern` reads it; the port is left out where it is any. */
export function formatNetPattern({ protocol, host, port }: NetPattern, effect: Effect): string {
  const prefix = protocol === usualProtocol[effect] ? "" : `${protocol}:`;
  const bracketed = host.includes(":") ? `[${host}]` : host;
  return `${prefix}${port === "*" ? bracketed : `${bracketed}:${port}`}`;
}

/** Canonical; undefined for what is no host. */
export function parseHostPattern(text: string): string | undefined {
  if (text.includes("/")) return normalizeRange(text);
  if (!text.startsWith("*.")) return normalizeHost(text);
  const domain = normalizeHost(text.slice(2));
  return domain === undefined || isIP(domain) !== 0 ? undefined : `*.${domain}`;
}

/** @param host Normalized. */
export function hostMatches(pattern: string, host: string): boolean {
  if (pattern.includes("/")) return isInRange(host, pattern);
  if (pattern.startsWith("*.")) return isIP(host) === 0 && host.endsWith(pattern.slice(1));
  return pattern === host;
}

/** An IPv6 address without brackets is all host: which of its colons would be the port's? */
function splitPort(text: string): { readonly host: string; readonly port?: string } {
  const [, inBrackets, afterBrackets] = /^\[([^\]]*)\](?::(.*))?$/s.exec(text) ?? [];
  if (inBrackets !== undefined) {
    const host = inBrackets.includes(":") ? inBrackets : "";
    return afterBrackets === undefined ? { host } : { host, port: afterBrackets };
  }
  const colon = text.indexOf(":");
  if (colon < 0 || text.indexOf(":", colon + 1) >= 0) return { host: text };
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

function whyNoHost(host: string, effect: Effect): string {
  if (host === "*") {
    return `would be all hosts: \`--network ${effect === "allow" ? "all" : "none"}\` is for that`;
  }
  if (host === "") return `is not a host. Write ${netForms}`;
  return `is not a host name, address or range of addresses. Write ${netForms}`;
}
