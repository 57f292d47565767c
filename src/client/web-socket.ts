/**
 * @module
 * What we need of a WebSocket: those of browsers, of Node from version 22 on, and of the package `ws`.
 */

export interface WebSocketLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { readonly code: number }) => void): void;
  /** Those that have it read no more until `resume`. */
  pause?(): void;
  resume?(): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** @throws {TypeError} where there is none. */
export function webSocketOf(given: WebSocketConstructor | undefined): WebSocketConstructor {
  const { WebSocket = given } = globalThis as { readonly WebSocket?: WebSocketConstructor };
  const found = given ?? WebSocket;
  if (found !== undefined) return found;
  throw new TypeError("there is no WebSocket here: pass one to createClient, as that of `ws`");
}
