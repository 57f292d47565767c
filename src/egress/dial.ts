/**
 * @module
 * From an allowed host to a connection: its name is looked up here, on the host, and each address is
 * looked at before it is dialled, at every dial. What leads to this machine or its neighbours is a
 * question of its own, so that an allowed name can't be turned into a way in.
 */
import type { Socket as UdpSocket } from "node:dgram";
import type { EventEmitter } from "node:events";
import { isIP } from "node:net";
import type { AskingProcess, NetProtocol, PermissionGate } from "../core/permission.ts";
import { abortable } from "../util/abortable.ts";
import { addressClassOf, canonicalAddress, type AddressClass } from "../util/address-class.ts";
import { connectTcp, connectUdp, dialErrnoOf, DialTimeout } from "./connect.ts";
import type { Connection } from "./connection.ts";
import { isForbidden, type ForbiddenEndpoint } from "./forbidden.ts";
import { hostName } from "./names.ts";
import type { OnNote } from "./note.ts";
import { createPlaces } from "./places.ts";
import type { Resolve } from "./resolve.ts";
import type { DialErrno } from "./sandbox-network.ts";
import { maxTcpConnections, maxUdpPartners, type EgressTiming } from "./timing.ts";

/** What was allowed: a name or an address in its one form, and a port. */
export interface Target {
  readonly protocol: NetProtocol;
  readonly host: string;
  readonly port: number;
}

/** On whose behalf. */
export interface DialCaller {
  readonly process?: AskingProcess | undefined;
  /** Its abort gives up: nobody wants the connection any more. */
  readonly signal: AbortSignal;
}

export type Dialled<S> =
  | { readonly kind: "connected"; readonly socket: S }
  | { readonly kind: "failed"; readonly errno: DialErrno };

/** Does not throw. It bounds how many sockets there are: one has its place until it is closed. */
export interface Dialer {
  tcp(target: Target, caller: DialCaller): Promise<Dialled<Connection>>;
  udp(target: Target, caller: DialCaller): Promise<Dialled<UdpSocket>>;
}

export interface DialerOptions {
  readonly gate: PermissionGate;
  readonly resolve: Resolve;
  readonly forbidden: () => readonly ForbiddenEndpoint[];
  readonly onNote: OnNote;
  readonly timing: EgressTiming;
}

type Connect<S> = (address: string, timeoutMs: number) => Promise<S>;

/** Of one name; what it has more is not tried. */
const maxAddresses = 16;
/** Questions about addresses of one name at one dial. */
const maxQuestions = 4;

const meanings: Readonly<Record<Exclude<AddressClass, "public" | "never">, string>> = {
  private: "an address of your private network",
  loopback: "this machine itself",
  "link-local": "a neighbour on your local network",
  metadata: "the cloud's metadata service, which hands out this machine's credentials",
};

/** Why an address is asked about, for people; undefined for public ones. */
export function reasonToAsk(host: string, address: string): string | undefined {
  const addressClass = addressClassOf(address);
  if (addressClass === "public" || addressClass === "never") return undefined;
  return `${host} is ${host === address ? "" : `${address}, `}${meanings[addressClass]}`;
}

export function createDialer(options: DialerOptions): Dialer {
  const places = { tcp: createPlaces(maxTcpConnections), udp: createPlaces(maxUdpPartners) };
  const inPlace = async <S>(
    target: Target,
    caller: DialCaller,
    connect: Connect<S>,
    emitterOf: (connected: S) => EventEmitter,
  ): Promise<Dialled<S>> => {
    const { protocol, host, port } = target;
    const leave = places[protocol].take();
    if (leave === undefined) {
      options.onNote({ kind: "too-many-connections", protocol, host, port });
      return { kind: "failed", errno: "ECONNREFUSED" };
    }
    const dialled = await dial(target, caller, options, connect);
    if (dialled.kind === "failed") leave();
    else emitterOf(dialled.socket).once("close", leave);
    return dialled;
  };
  return {
    tcp: (target, caller) => {
      const { signal } = caller;
      const connect: Connect<Connection> = (address, timeoutMs) =>
        connectTcp(address, target.port, { timeoutMs, signal });
      return inPlace(target, caller, connect, ({ socket }) => socket);
    },
    udp: (target, caller) => {
      const connect: Connect<UdpSocket> = (address) => connectUdp(address, target.port);
      return inPlace(target, caller, connect, (socket) => socket);
    },
  };
}

async function dial<S>(
  target: Target,
  caller: DialCaller,
  options: DialerOptions,
  connect: Connect<S>,
): Promise<Dialled<S>> {
  const time = createTimeBudget(options.timing.dialMs);
  let failure: DialErrno | undefined;
  try {
    const addresses = await time.spend((leftMs) =>
      within(leftMs, lookUp(target.host, options), caller.signal),
    );
    const admit = createAdmission(target, caller, options);
    for (const address of addresses.slice(0, maxAddresses)) {
      const refusal = await admit(address);
      if (refusal !== undefined) {
        failure ??= refusal;
        continue;
      }
      try {
        const socket = await time.spend((leftMs) =>
          connect(address, Math.min(leftMs, options.timing.connectMs)),
        );
        return { kind: "connected", socket };
      } catch (error) {
        // What a host answered tells more than that another address of it was refused.
        if (failure === undefined || failure === "EACCES") failure = dialErrnoOf(error);
      }
      if (caller.signal.aborted || time.leftMs() <= 0) break;
    }
    return { kind: "failed", errno: failure ?? "EHOSTUNREACH" };
  } catch (error) {
    return { kind: "failed", errno: failure ?? dialErrnoOf(error) };
  }
}

async function lookUp(
  host: string,
  { resolve, onNote }: DialerOptions,
): Promise<readonly string[]> {
  try {
    return await addressesOf(host, resolve);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    onNote({ kind: "not-found", host, isUnknown: code === "ENOTFOUND" });
    throw error;
  }
}

async function addressesOf(host: string, resolve: Resolve): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  if (host === hostName) return ["127.0.0.1", "::1"];
  const found = (await resolve(host)).map((address) => canonicalAddress(address));
  return [...new Set(found.filter((address) => address !== undefined))];
}

/** Says whether an address may be dialled: undefined, or what the program is told. */
function createAdmission(
  target: Target,
  { process, signal }: DialCaller,
  { gate, forbidden, onNote }: DialerOptions,
): (address: string) => Promise<DialErrno | undefined> {
  const { protocol, host, port } = target;
  let questions = 0;
  return async (address) => {
    const addressClass = addressClassOf(address);
    if (addressClass === "never" || isForbidden(address, port, forbidden())) {
      onNote({ kind: "forbidden", protocol, host, port, address });
      return addressClass === "never" ? "ENETUNREACH" : "EACCES";
    }
    // The question about the host was about this very address.
    if (addressClass === "public" || host === address || host === hostName) return undefined;
    questions += 1;
    if (questions > maxQuestions) return "EACCES";
    const because = reasonToAsk(host, address);
    const { isAllowed } = await gate.decide(
      {
        subject: { kind: "net", protocol, host: address, port },
        ...(process === undefined ? {} : { process }),
        ...(because === undefined ? {} : { because }),
      },
      signal,
    );
    return isAllowed ? undefined : "EACCES";
  };
}

/** Time that several waits share, one after the other. */
function createTimeBudget(ms: number): {
  leftMs(): number;
  spend<T>(wait: (leftMs: number) => Promise<T>): Promise<T>;
} {
  let leftMs = ms;
  return {
    leftMs: () => leftMs,
    spend: async (wait) => {
      const startMs = performance.now();
      try {
        return await wait(leftMs);
      } finally {
        leftMs -= performance.now() - startMs;
      }
    },
  };
}

/** @throws {DialTimeout} Where it takes longer; `promise` goes on alone. */
async function within<T>(ms: number, promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new DialTimeout());
  }, ms);
  try {
    return await abortable(promise, AbortSignal.any([signal, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}
