/**
 * @module
 * Sockets to one address outside, of which it is known that it may be reached.
 */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { openConnection, type Connection } from "./connection.ts";
import type { DialErrno } from "./sandbox-network.ts";

/** How long a silent partner is trusted to be there; its kernel answers when asked. */
export const keepAliveMs = 30_000;

const dialErrnos: readonly string[] = [
  "EACCES",
  "EADDRNOTAVAIL",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
] satisfies DialErrno[];

/** What a program is told of it. */
export function dialErrnoOf(error: unknown): DialErrno {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const isKnown = (value: unknown): value is DialErrno =>
    typeof value === "string" && dialErrnos.includes(value);
  return isKnown(code) ? code : "EHOSTUNREACH";
}

/** It took too long. */
export class DialTimeout extends Error {
  override readonly name = "DialTimeout";
  readonly code = "ETIMEDOUT";
}

/** One that reads nothing yet. @throws As `connect` of net does, or `DialTimeout`, or the signal's reason. */
export function connectTcp(
  address: string,
  port: number,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const outside = openConnection({
      host: address,
      port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
    });
    const { socket } = outside;
    const timer = setTimeout(() => socket.destroy(new DialTimeout()), timeoutMs);
    const onAbort = (): void => {
      socket.destroy(signal.reason as Error);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
    // It stays: until somebody relays, nobody else listens for errors.
    socket.on("error", reject);
    socket.once("close", settle);
    socket.once("connect", () => {
      settle();
      resolve(outside);
    });
    if (signal.aborted) onAbort();
  });
}

/** @throws Where this host has no way to the address. Whether somebody is there, UDP does not tell. */
export function connectUdp(address: string, port: number): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
    // It stays: that nobody listens there comes as an error, later.
    socket.on("error", reject);
    socket.connect(port, address, (error?: Error) => {
      if (error === undefined) {
        resolve(socket);
        return;
      }
      socket.close();
      reject(error);
    });
  });
}
