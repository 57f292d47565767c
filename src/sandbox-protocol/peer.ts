/**
 * @module
 * One end of a sandbox's connection: whole messages in, whole messages out, and an end when the other
 * side is gone. What comes is bounded before it is parsed, and what can't be read ends the connection.
 */
import type { RawData, WebSocket } from "ws";
import type { z } from "zod";
import { parseWith } from "../util/zod-issues.ts";
import { maxFrameBytes } from "./bounds.ts";
import { decodeFrame, encodeFrame, type ByteFrame } from "./frames.ts";

/** WebSocket close codes, RFC 6455 section 7.4.1. */
export const closeCodes = {
  done: 1000,
  goingAway: 1001,
  protocol: 1002,
  badText: 1007,
  policy: 1008,
  tooLarge: 1009,
  failed: 1011,
} as const;
export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];

export interface PeerOptions<In> {
  readonly schema: z.ZodType<In>;
  /** Why a text is not to be parsed at all, though it is short enough. */
  readonly findFault?: (text: Buffer) => string | undefined;
  readonly onMessage: (message: In) => void;
  readonly onBytes: (frame: ByteFrame) => void;
  /** The other side says what can't be read; the one who listens closes. */
  readonly onFault: (code: CloseCode, message: string) => void;
  /** Called once, whoever ended it. 1006: without a word. */
  readonly onClose: (code: number, reason: string) => void;
  readonly heartbeat?: Heartbeat | undefined;
}

export interface Heartbeat {
  readonly intervalMs: number;
  /** Without a sign of life for so long, the other side is taken for gone. */
  readonly deadMs: number;
}

export interface Peer<Out> {
  /** Resolves once it is out of our hands; nothing happens where the connection has ended. */
  send(message: Out): Promise<void>;
  sendBytes(frame: ByteFrame): Promise<void>;
  /** Nothing more is heard; the other side gets a moment to answer. Idempotent. */
  close(code: CloseCode, reason: string): void;
  /** Without a word. */
  terminate(): void;
}

const usualHeartbeat: Heartbeat = { intervalMs: 20_000, deadMs: 60_000 };

/** What the other side does not read. All that is sent in order waits for its room before. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

const CLOSE_GRACE_MS = 2_000;
/** Of a close frame's text, by the RFC. */
const MAX_REASON_BYTES = 123;

/** What we need of either side's. */
export type PeerSocket = Pick<
  WebSocket,
  "on" | "once" | "send" | "ping" | "close" | "terminate" | "bufferedAmount" | "readyState" | "OPEN"
>;

export function createPeer<In, Out>(socket: PeerSocket, options: PeerOptions<In>): Peer<Out> {
  let isOpen = true;
  let graceTimer: NodeJS.Timeout | undefined;
  const stopHeartbeat = startHeartbeat(socket, options.heartbeat ?? usualHeartbeat);
  const refuseUnread = (): void => {
    if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.terminate();
  };
  const send = (data: string | Buffer): Promise<void> =>
    new Promise((resolve) => {
      if (!isOpen) {
        resolve();
        return;
      }
      socket.send(data, () => {
        resolve();
      });
      refuseUnread();
    });
  socket.on("message", (data: RawData, isBinary: boolean) => {
    if (isOpen) receive(data as Buffer, isBinary, options);
  });
  // Each is answered, also to who reads nothing.
  socket.on("ping", refuseUnread);
  // `close` follows.
  socket.on("error", () => undefined);
  socket.once("close", (code: number, reason: Buffer) => {
    isOpen = false;
    clearTimeout(graceTimer);
    stopHeartbeat();
    options.onClose(code, reason.toString("utf8"));
  });
  return {
    send: (message) => send(JSON.stringify(message)),
    sendBytes: (frame) => send(encodeFrame(frame)),
    close: (code, reason) => {
      isOpen = false;
      if (graceTimer !== undefined) return;
      graceTimer = setTimeout(() => {
        socket.terminate();
      }, CLOSE_GRACE_MS);
      socket.close(code, cutText(reason, MAX_REASON_BYTES));
    },
    terminate: () => {
      isOpen = false;
      socket.terminate();
    },
  };
}

function receive<In>(data: Buffer, isBinary: boolean, options: PeerOptions<In>): void {
  if (data.byteLength > maxFrameBytes) {
    options.onFault(closeCodes.tooLarge, `a message of more than ${maxFrameBytes} bytes`);
    return;
  }
  if (isBinary) {
    const frame = decodeFrame(data);
    if (frame === undefined)
      options.onFault(closeCodes.protocol, "a binary frame of no known kind");
    else options.onBytes(frame);
    return;
  }
  const fault = options.findFault?.(data);
  const document = fault === undefined ? parseJson(data) : undefined;
  if (document === undefined) {
    options.onFault(closeCodes.badText, `a text ${fault ?? "is not JSON"}`);
    return;
  }
  const parsed = parseWith(options.schema, document.value, "message");
  if (parsed.ok) {
    options.onMessage(parsed.value);
    return;
  }
  const issues = parsed.issues.map(({ path, message }) => `${path}: ${message}`);
  options.onFault(closeCodes.protocol, issues.join("; "));
}

function parseJson(text: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text.toString("utf8")) as unknown };
  } catch {
    return undefined;
  }
}

function startHeartbeat(socket: PeerSocket, { intervalMs, deadMs }: Heartbeat): () => void {
  let seenMs = performance.now();
  const onSign = (): void => {
    seenMs = performance.now();
  };
  for (const event of ["message", "ping", "pong"] as const) socket.on(event, onSign);
  const timer = setInterval(() => {
    if (performance.now() - seenMs > deadMs) socket.terminate();
    else if (socket.readyState === socket.OPEN) socket.ping();
  }, intervalMs);
  return () => {
    clearInterval(timer);
  };
}

/** The first characters of a text that fit. */
function cutText(text: string, maxBytes: number): string {
  let cut = text.slice(0, maxBytes);
  while (Buffer.byteLength(cut) > maxBytes) cut = cut.slice(0, -1);
  return cut.toWellFormed();
}
