/**
 * @module
 * The network of a sandbox, seen from outside: every address is its own, and nothing listens but what
 * is made here. Whoever has the namespace makes this.
 */
import type { Socket as UdpSocket } from "node:dgram";
import type { Server, Socket } from "node:net";
import type { AskingProcess, NetProtocol } from "../core/permission.ts";

/** Sockets in a sandbox's network namespace. */
export interface SandboxNetwork {
  /**
   * Listens there. The endpoint then counts as approved: calls to it are no longer parked.
   *
   * @throws {Error} With an errno's name as its `code`: `EADDRINUSE`, …
   */
  listenTcp(address: string, port: number): Promise<Server>;
  /** The same for UDP. @throws {Error} With an errno's name as its `code`. */
  bindUdp(address: string, port: number): Promise<UdpSocket>;
  /** The endpoint is no longer approved: the next call to it is parked again. */
  withdraw(protocol: NetProtocol, address: string, port: number): void;
  /** A connection to what a program listens on. @throws {Error} With an errno's name as its `code`. */
  dialTcp(address: string, port: number): Promise<Socket>;
}

/** A program's call to an address, while it is held. */
export interface ParkedCall {
  readonly protocol: NetProtocol;
  readonly address: string;
  readonly port: number;
  readonly process?: AskingProcess;
  /** Aborts when the caller is gone: nobody waits for an answer. */
  readonly signal: AbortSignal;
}

/** What a connection that can't be had ends with, as programs know it. */
export type DialErrno =
  | "EACCES"
  | "EADDRINUSE"
  | "EADDRNOTAVAIL"
  | "ECONNREFUSED"
  | "ECONNRESET"
  | "EHOSTUNREACH"
  | "ENETUNREACH"
  | "ETIMEDOUT";

/** `continue`: the call goes on, in a network where only what is approved listens. */
export type CallAnswer =
  { readonly kind: "continue" } | { readonly kind: "errno"; readonly errno: DialErrno };
