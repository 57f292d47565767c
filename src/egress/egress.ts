/**
 * @module
 * The border of a sandbox's network. A program's call to an address is held; here it is named, asked
 * about, dialled outside, and made to exist inside: only then does the call go on. Letting a call go on
 * is never the grant itself: where nothing was made to listen, there is nothing to reach.
 */
import type { AskingProcess, PermissionGate, Subject } from "../core/permission.ts";
import { secretsFor, type Secret } from "../core/secret.ts";
import { addressClassOf, canonicalAddress } from "../util/address-class.ts";
import { createDialer, reasonToAsk, type Dialer, type Target } from "./dial.ts";
import { createDnsEndpoints, dnsPort, type DnsEndpoints } from "./dns-endpoints.ts";
import { dialErrnoOf } from "./connect.ts";
import { isForbidden, type ForbiddenEndpoint } from "./forbidden.ts";
import { createForwards, type Forward } from "./forwards.ts";
import { createNames, hostName, isSynthetic, type Names } from "./names.ts";
import { notedOnce, type OnNote } from "./note.ts";
import { createResolve, type Resolve } from "./resolve.ts";
import type { CallAnswer, DialErrno, ParkedCall, SandboxNetwork } from "./sandbox-network.ts";
import { createInterception } from "./secrets/intercept.ts";
import type { RunAuthority } from "./secrets/run-authority.ts";
import { createTcpRelay, type TcpRelay } from "./tcp-relay.ts";
import { defaultTiming, type EgressTiming } from "./timing.ts";
import { createUdpRelay, type UdpRelay } from "./udp-relay.ts";

export interface EgressOptions {
  readonly network: SandboxNetwork;
  readonly gate: PermissionGate;
  /** Where Glovebox's servers listen. Called at each dial. Absent: there are none. */
  readonly forbidden?: () => readonly ForbiddenEndpoint[];
  /** Absent: as all programs of this host look names up. */
  readonly resolve?: Resolve;
  /** Each note once. Must not throw. */
  readonly onNote?: OnNote;
  /** A port of the host now leads to one inside. Must not throw. */
  readonly onForward?: (forward: Forward) => void;
  /** A forward that was allowed and can't be had. Must not throw. */
  readonly onForwardFailed?: (port: number, error: Error) => void;
  readonly timing?: Partial<EgressTiming>;
  readonly secrets?: SecretsOptions;
}

export interface SecretsOptions {
  readonly secrets: readonly Secret[];
  /** Programs inside trust it. */
  readonly authority: RunAuthority;
  /** PEM: who says outside who is which host. */
  readonly roots: string;
}

export interface Egress {
  /** Resolves when names can be asked for. @throws As `SandboxNetwork` does. */
  start(): Promise<void>;
  /** Does not throw: what can't be done is denied. */
  take(call: ParkedCall): Promise<CallAnswer>;
  /** A program listens; it is not held. Does not throw. */
  readonly listened: (port: number, address: string, process?: AskingProcess) => void;
  /** Ends all connections and takes back what listens, inside and on the host. */
  close(): void;
}

export function createEgress(options: EgressOptions): Egress {
  const { network, gate, forbidden = () => [], resolve = createResolve() } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const tell: OnNote = options.onNote ?? (() => undefined);
  const onNote = notedOnce(tell);
  const closed = new AbortController();
  // Bounded by itself, so that lookups leave room for what matters more.
  const names = createNames((name) => {
    tell({ kind: "looked-up", name });
  });
  const dns = createDnsEndpoints(network, names, onNote);
  const dialer = createDialer({ gate, resolve, forbidden, onNote, timing });
  const { secrets } = options;
  const interception = secrets && createInterception({ ...secrets, onNote });
  const relays = {
    tcp: createTcpRelay({ network, dialer, onNote, timing, interception }),
    udp: createUdpRelay({ network, dialer, timing }),
  };
  const forwards = createForwards({
    network,
    gate,
    onForward: options.onForward ?? (() => undefined),
    onFailed: options.onForwardFailed ?? (() => undefined),
  });
  const border: Border = {
    sent: secrets?.secrets ?? [],
    gate,
    forbidden,
    onNote,
    names,
    dns,
    dialer,
    relays,
    closed,
  };
  return {
    start: async () => {
      await Promise.all([dns.open("udp", "127.0.0.1"), dns.open("tcp", "127.0.0.1")]);
    },
    take: async (call) => {
      if (closed.signal.aborted) return refuse("EACCES");
      try {
        return await answer(border, call);
      } catch (error) {
        // Of listening inside: the address is the program's own already, say.
        return refuse(codeOf(error) === "EADDRINUSE" ? "EADDRINUSE" : dialErrnoOf(error));
      }
    },
    listened: forwards.listened,
    close: () => {
      closed.abort(new Error("the sandbox has ended"));
      forwards.close();
      relays.tcp.close();
      relays.udp.close();
      dns.close();
    },
  };
}

interface Border {
  readonly sent: readonly Secret[];
  readonly gate: PermissionGate;
  readonly forbidden: () => readonly ForbiddenEndpoint[];
  readonly onNote: OnNote;
  readonly names: Names;
  readonly dns: DnsEndpoints;
  readonly dialer: Dialer;
  readonly relays: { readonly tcp: TcpRelay; readonly udp: UdpRelay };
  readonly closed: AbortController;
}

/** @throws As `SandboxNetwork` does. */
async function answer(border: Border, call: ParkedCall): Promise<CallAnswer> {
  const { protocol, port } = call;
  const address = canonicalAddress(call.address);
  if (address === undefined || port < 1 || port > 65_535) return refuse("EADDRNOTAVAIL");
  if (isOwnLoopback(address)) return { kind: "continue" };
  if (addressClassOf(address) === "never") return refuse("ENETUNREACH");
  if (port === dnsPort) {
    await border.dns.open(protocol, address);
    return { kind: "continue" };
  }
  if (border.relays[protocol].isApproved(address, port)) return { kind: "continue" };
  const host = isSynthetic(address) ? border.names.nameOf(address) : address;
  if (host === undefined) return refuse("EHOSTUNREACH");
  return connect(border, { protocol, host, port }, address, call);
}

async function connect(
  { sent, gate, forbidden, onNote, dialer, relays, closed }: Border,
  target: Target,
  address: string,
  call: ParkedCall,
): Promise<CallAnswer> {
  const { protocol, host, port } = target;
  if (isIpForbidden(host, port, forbidden())) {
    onNote({ kind: "forbidden", protocol, host, port, address: host });
    return refuse("EACCES");
  }
  const signal = AbortSignal.any([call.signal, closed.signal]);
  const decision = await gate.decide(questionOf(target, call.process, sent), signal);
  if (!decision.isAllowed || signal.aborted) return refuse("EACCES");
  const caller = { process: call.process, signal };
  // The types of their sockets differ.
  if (protocol === "tcp") {
    const dialled = await dialer.tcp(target, caller);
    if (dialled.kind === "failed") return refuse(dialled.errno);
    await relays.tcp.admit(address, target, decision.scope, dialled.socket);
  } else {
    const dialled = await dialer.udp(target, caller);
    if (dialled.kind === "failed") return refuse(dialled.errno);
    await relays.udp.admit(address, target, decision.scope, dialled.socket);
  }
  return { kind: "continue" };
}

function refuse(errno: DialErrno): CallAnswer {
  return { kind: "errno", errno };
}

/** Such a call reaches what the program itself has in its own network, and nothing else. */
function isOwnLoopback(address: string): boolean {
  const isUnspecified = address === "0.0.0.0" || address === "::";
  return isUnspecified || addressClassOf(address) === "loopback";
}

/** A name's addresses are looked at when it is dialled: looking it up before would tell of it. */
function isIpForbidden(
  host: string,
  port: number,
  forbidden: readonly ForbiddenEndpoint[],
): boolean {
  const address = host === hostName ? "127.0.0.1" : canonicalAddress(host);
  return address !== undefined && isForbidden(address, port, forbidden);
}

function questionOf(
  { protocol, host, port }: Target,
  process: AskingProcess | undefined,
  secrets: readonly Secret[],
): Parameters<PermissionGate["decide"]>[0] {
  const subject: Subject = { kind: "net", protocol, host, port };
  const because =
    host === hostName
      ? reasonToAsk(host, "127.0.0.1")
      : canonicalAddress(host) === undefined
        ? whatIsSent(protocol === "tcp" ? secretsFor({ host, port }, secrets) : [])
        : reasonToAsk(host, host);
  return {
    subject,
    ...(process === undefined ? {} : { process }),
    ...(because === undefined ? {} : { because }),
  };
}

function whatIsSent(secrets: readonly Secret[]): string | undefined {
  if (secrets.length === 0) return undefined;
  return `${secrets.map(({ name }) => name).join(" and ")} may be sent there`;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
