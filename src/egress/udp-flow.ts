/**
 * @module
 * What one socket of a program and its partner outside send to each other.
 */
import type { Socket as UdpSocket } from "node:dgram";
import type { Dialled } from "./dial.ts";
import type { EgressTiming } from "./timing.ts";

export interface UdpFlow {
  /** To the partner. What can't be sent is lost, as on any network. */
  send(bytes: Buffer): void;
  end(): void;
}

export interface UdpFlowOptions {
  readonly timing: EgressTiming;
  /** The partner's socket. Does not throw. */
  readonly dial: (signal: AbortSignal) => Promise<Dialled<UdpSocket>>;
  /** Must not throw. */
  readonly onReply: (bytes: Buffer) => void;
  /** Called once. */
  readonly onEnded: () => void;
}

/** Kept until there is a partner: what is more is lost. */
const maxEarlyDatagrams = 16;

export function createUdpFlow({ timing, dial, onReply, onEnded }: UdpFlowOptions): UdpFlow {
  const ended = new AbortController();
  const early: Buffer[] = [];
  const counts = { sent: 0, received: 0 };
  let partner: UdpSocket | undefined;
  let idle: NodeJS.Timeout | undefined;

  const end = (): void => {
    if (ended.signal.aborted) return;
    clearTimeout(idle);
    ended.abort(new Error("the flow has ended"));
    partner?.close();
    onEnded();
  };
  const stayOpen = (): void => {
    if (ended.signal.aborted) return;
    clearTimeout(idle);
    const isAnswered = counts.sent === 1 && counts.received > 0;
    idle = setTimeout(end, isAnswered ? timing.udpAnsweredMs : timing.udpIdleMs);
  };
  const meet = (dialled: Dialled<UdpSocket>): void => {
    if (dialled.kind === "failed") {
      end();
      return;
    }
    const { socket } = dialled;
    if (ended.signal.aborted) {
      socket.close();
      return;
    }
    partner = socket;
    socket.on("message", (bytes) => {
      counts.received += 1;
      stayOpen();
      onReply(bytes);
    });
    for (const bytes of early.splice(0)) socket.send(bytes, ignoreFailure);
  };

  stayOpen();
  void dial(ended.signal).then(meet);
  return {
    send: (bytes) => {
      if (ended.signal.aborted) return;
      counts.sent += 1;
      stayOpen();
      if (partner !== undefined) partner.send(bytes, ignoreFailure);
      else if (early.length < maxEarlyDatagrams) early.push(bytes);
    },
    end,
  };
}

/** Sends to whoever sent, who may be gone by now. */
export function replyTo(
  socket: UdpSocket,
  bytes: Buffer,
  { address, port }: { readonly address: string; readonly port: number },
): void {
  // Nobody can be answered at port 0, but datagrams can claim to be from there.
  if (port !== 0) socket.send(bytes, port, address, ignoreFailure);
}

/** Too large, no route, nobody there: UDP promises nothing. */
function ignoreFailure(): void {
  return undefined;
}
