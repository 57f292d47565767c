/**
 * @module
 * An open connection to an execution, both ways.
 */
import { connectionFailed, GloveboxApiError } from "./api-error.ts";
import { toBase64 } from "./bytes.ts";
import type { AttachMessage, TerminalSize } from "./types.ts";
import type { WebSocketLike } from "./web-socket.ts";

export interface Attachment {
  /** Of the last output that was read from `messages`: to attach again behind it. */
  readonly cursor: string | undefined;
  /** Sends stdin. @returns Resolves when there is room for more; the program may be slow. */
  write(data: string | Uint8Array): Promise<void>;
  /** Ends stdin. */
  end(): void;
  /** Sends a signal, `SIGINT`, to the program. */
  signal(name: string): void;
  resize(size: TerminalSize): void;
  /**
   * What happens, up to the `end`; to be read once. Leaving the loop closes the connection.
   *
   * @throws {GloveboxApiError} where the connection breaks off, and the signal's reason.
   */
  messages(): AsyncGenerator<AttachMessage, void, void>;
  /** Goes away; the execution goes on. */
  close(): void;
}

const OPEN = 1;
const CLOSE_NORMAL = 1000;
/** The server takes a MiB, and JSON may write six characters for one. */
const PIECE_CHARS = 128 * 1024;
/** Of bytes; three are four characters. */
const PIECE_BYTES = 384 * 1024;
const FULL_BYTES = 1024 * 1024;
const LOOK_AGAIN_MS = 20;
/** Messages that are read before they are asked for. */
const AHEAD = 64;

export class SocketAttachment implements Attachment {
  readonly #socket: WebSocketLike;
  readonly #messages: AttachMessage[] = [];
  #wake: () => void = () => undefined;
  #closedWith: number | undefined;
  #isPaused = false;
  #reason: { readonly error: unknown } | undefined;
  #cursor: string | undefined;

  /** @param socket From its begin on: it opens with what it has to say. */
  constructor(socket: WebSocketLike, cursor: string | undefined, signal: AbortSignal | undefined) {
    this.#socket = socket;
    this.#cursor = cursor;
    const abort = (): void => {
      this.#reason = { error: signal?.reason };
      this.close();
      this.#wake();
    };
    socket.addEventListener("message", ({ data }) => {
      this.#messages.push(JSON.parse(String(data)) as AttachMessage);
      if (this.#messages.length >= AHEAD && !this.#isPaused) this.#setPaused(true);
      this.#wake();
    });
    socket.addEventListener("close", ({ code }) => {
      signal?.removeEventListener("abort", abort);
      this.#closedWith = code;
      this.#wake();
    });
    signal?.addEventListener("abort", abort);
  }

  get cursor(): string | undefined {
    return this.#cursor;
  }

  async write(data: string | Uint8Array): Promise<void> {
    if (typeof data === "string") {
      for (const piece of piecesOf(data)) {
        this.#send({ type: "stdin", data: piece });
        await this.#untilRoom();
      }
      return;
    }
    for (let at = 0; at < data.length; at += PIECE_BYTES) {
      const piece = toBase64(data.subarray(at, at + PIECE_BYTES));
      this.#send({ type: "stdin", data: piece, encoding: "base64" });
      await this.#untilRoom();
    }
  }

  end(): void {
    this.#send({ type: "eof" });
  }

  signal(name: string): void {
    this.#send({ type: "signal", signal: name });
  }

  resize({ columns, rows }: TerminalSize): void {
    this.#send({ type: "resize", columns, rows });
  }

  close(): void {
    this.#socket.close(CLOSE_NORMAL);
  }

  async *messages(): AsyncGenerator<AttachMessage, void, void> {
    let last: AttachMessage | undefined;
    try {
      for (;;) {
        if (this.#reason !== undefined) throw this.#reason.error;
        const message = this.#messages.shift();
        if (message !== undefined) {
          last = message;
          if (message.type === "output") this.#cursor = message.cursor;
          yield message;
          if (message.type === "end") return;
          continue;
        }
        if (this.#isPaused) this.#setPaused(false);
        if (this.#closedWith !== undefined) throw whyClosed(this.#closedWith, last);
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      // A socket that is paused would not see its own end.
      if (this.#isPaused) this.#setPaused(false);
      this.close();
    }
  }

  #send(message: object): void {
    // The program has ended, or `messages` tells why there is nobody any more.
    if (this.#socket.readyState === OPEN) this.#socket.send(JSON.stringify(message));
  }

  async #untilRoom(): Promise<void> {
    while (this.#socket.readyState === OPEN && this.#socket.bufferedAmount > FULL_BYTES) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  #setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) this.#socket.pause?.();
    else this.#socket.resume?.();
  }
}

function whyClosed(code: number, last: AttachMessage | undefined): GloveboxApiError {
  if (last?.type === "error") return new GloveboxApiError({ status: 0, ...last.error });
  return connectionFailed(`the connection was closed with ${code} before the execution's end`);
}

/** Both halves of a character stay together. */
function* piecesOf(text: string): Generator<string, void, void> {
  for (let at = 0; at < text.length;) {
    const most = at + PIECE_CHARS;
    const isCut = most < text.length && (text.charCodeAt(most - 1) & 0xfc00) === 0xd800;
    const end = isCut ? most - 1 : most;
    yield text.slice(at, end);
    at = end;
  }
}

/** @throws {GloveboxApiError} where it could not be opened. */
export async function opened(socket: WebSocketLike): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", resolve);
    // Before it is open, a browser does not tell why.
    const refuse = (): void => {
      reject(connectionFailed("the server refused the WebSocket, or can't be reached"));
    };
    socket.addEventListener("error", refuse);
    socket.addEventListener("close", refuse);
  });
}
