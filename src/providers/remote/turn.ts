/**
 * @module
 * What goes on in a sandbox elsewhere: one thing at a time.
 */
import type { ByteFrame } from "../../sandbox-protocol/frames.ts";
import type { ServerMessage } from "../../sandbox-protocol/server-messages.ts";

export interface RunningTurn<T> {
  readonly turn: number;
  readonly done: Promise<T>;
  /** @returns False for what the server must not send now. */
  onMessage(message: ServerMessage): boolean;
  /** @returns False for what the server must not send now. */
  onBytes(frame: ByteFrame): boolean;
  fail(error: unknown): void;
}
