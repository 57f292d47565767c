/**
 * @module
 * One end of a sandbox's connection: whole messages in, whole messages out, and an end when the other
 * side is gone. What comes is bounded before it is parsed, and what can't be read ends the connection.
 */
import type { RawData } from "ws";
import type { z } from "zod";
import {
  closeCodes,
  keepAlive,
  sendMessage,
  type CloseCode,
  type Heartbeat,
  type MessageSocket,
} from "../util/web-socket.ts";
import { parseWith } from "../util/zod-issues.ts";
import { decodeFrame, encodeFrame, type ByteFrame } from "./frames.ts";

export interface PeerOptions<In> {
  readonly schema: z.ZodType<In>;
  /** Why a text is not to be parsed at all, though it is short enough. */
  readonly findFault?: (text: Buffer) => string | undefined;
  readonly onMessage: (message: In) => void;
  readonly onBytes: (frame: ByteFrame) => void;
  /** The other side says what can't be read; the one who listens closes. */
  readonly onFault: (code: CloseCode, message: string) => void;
  /** Called once, whoever ended it. 1006: without a word. */
  readonly onClose: (code: number) => void;
  readonly heartbeat?: Heartbeat | undefined;
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

/** What the other side does not read. All that is sent in order waits for its room before. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

/** Of a close frame's text, by the RFC. */
const MAX_REASON_BYTES = 123;

/** @param socket Has `webSocketOptions`. */
export function createPeer<In, Out>(socket: MessageSocket, options: PeerOptions<In>): Peer<Out> {
  let isOpen = true;
  const send = (data: string | Buffer): Promise<void> => {
    const sent = sendMessage(socket, data);
    if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.terminate();
    return sent;
  };
  socket.on("message", (data: RawData, isBinary: boolean) => {
    if (isOpen) receive(data as Buffer, isBinary, options);
  });
  keepAlive(socket, options.onClose, options.heartbeat);
  return {
    send: (message) => send(JSON.stringify(message)),
    sendBytes: (frame) => send(encodeFrame(frame)),
    close: (code, reason) => {
      isOpen = false;
      socket.close(code, cutText(reason, MAX_REASON_BYTES));
    },
    terminate: () => {
      isOpen = false;
      socket.terminate();
    },
  };
}

function receive<In>(data: Buffer, isBinary: boolean, options: PeerOptions<In>): void {
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

/** The first characters of a text that fit. */
function cutText(text: string, maxBytes: number): string {
  let cut = text.slice(0, maxBytes);
  while (Buffer.byteLength(cut) > maxBytes) cut = cut.slice(0, -1);
  return cut.toWellFormed();
}
