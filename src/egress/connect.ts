/**
 * @module
 * Sockets to one address outside, of which it is known that it may be reached.
 */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { connect, isIPv6, type Socket } from "node:net";
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

/** A connection that a host outside took, and that reads nothing yet. */
export interface OutsideConnection {
  readonly socket: Socket;
  /** To be called once. What comes in is written there, as fast as that takes it; so is the end. */
  passTo(inside: Socket): void;
}

/** Each connection has a buffer of its own, so that reading makes no new ones: a third of the time. */
const readBytes = 128 * 1_024;

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

/** @throws As `connect` of net does, or `DialTimeout`, or the signal's reason. */
export function connectTcp(
  address: string,
  port: number,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<OutsideConnection> {
  return new Promise((resolve, reject) => {
    const outside = createOutside(address, port);
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

function createOutside(address: string, port: number): OutsideConnection {
  let sink: Socket | undefined;
  let isWaiting = false;
  const onWritten = (): void => {
    if (!isWaiting || sink === undefined || sink.writableLength > 0) return;
    isWaiting = false;
    socket.resume();
  };
  const onRead = (length: number, bytes: Uint8Array): boolean => {
    if (sink === undefined || sink.destroyed) return false;
    sink.write(bytes.subarray(0, length), onWritten);
    // Until the kernel has all of it, the buffer must stay as it is.
    isWaiting = sink.writableLength > 0;
    return !isWaiting;
  };
  const socket = connect({
    host: address,
    port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveMs,
    onread: { buffer: Buffer.allocUnsafeSlow(readBytes), callback: onRead },
  });
  socket.pause();
  return {
    socket,
    passTo: (inside) => {
      sink = inside;
      socket.once("end", () => inside.end());
      socket.resume();
    },
  };
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
