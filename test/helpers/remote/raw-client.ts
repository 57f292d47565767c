/**
 * @module
 * A client of sandboxes that says what a test writes, whether or not it makes sense.
 */
import { once } from "node:events";
import { WebSocket } from "ws";

export interface RawClient {
  readonly socket: WebSocket;
  /** All texts that came so far. */
  readonly messages: readonly RawMessage[];
  /** Bytes that came in binary frames so far. */
  binaryBytes(): number;
  send(message: object): void;
  /** Resolves with the first message of this type, also with one that has come. */
  next(type: string): Promise<RawMessage>;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
}

export interface RawMessage {
  readonly type: string;
  readonly error?: { readonly code: string; readonly message: string };
}

const TIMEOUT_MS = 10_000;

export async function connectRaw(url: string): Promise<RawClient> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/v1/sandbox`);
  const messages: RawMessage[] = [];
  let bytes = 0;
  const closed = once(socket, "close").then(([code]) => code as number);
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (isBinary) bytes += data.byteLength;
    else messages.push(JSON.parse(data.toString()) as RawMessage);
  });
  // `close` follows.
  socket.on("error", () => undefined);
  await once(socket, "open");
  const find = (type: string) => messages.find((message) => message.type === type);
  return {
    socket,
    messages,
    closed,
    binaryBytes: () => bytes,
    send: (message) => {
      socket.send(JSON.stringify(message));
    },
    next: async (type) => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      for (;;) {
        const found = find(type);
        if (found !== undefined) return found;
        if (socket.readyState === WebSocket.CLOSED) throw new Error(`closed without ${type}`);
        await Promise.race([once(socket, "message", { signal }), closed]);
      }
    },
  };
}

export const createMessage = (limits: object = {}, more: object = {}): object => ({
  type: "create",
  sandbox: {
    network: "none",
    limits: {
      memory_bytes: 256 * 1024 * 1024,
      processes: 32,
      disk_bytes: 16 * 1024 * 1024,
      open_files: 64,
      ...limits,
    },
    enforcement: "strict",
    ...more,
  },
});

export const execMessage = (argv: readonly string[], more: object = {}): object => ({
  type: "exec",
  turn: 1,
  command: {
    argv,
    env: { PATH: "/usr/bin:/bin" },
    cwd: "/workspace",
    stdin: "empty",
    limits: { wall_time_ms: 20_000, cpu_time_ms: 20_000, output_bytes: 1024 * 1024 },
    on_output_limit: "truncate",
    ...more,
  },
});

/** With a sandbox in which nothing runs. */
export async function connectWithSandbox(url: string): Promise<RawClient> {
  const client = await connectRaw(url);
  client.send(createMessage());
  client.send({ type: "start" });
  await client.next("created");
  return client;
}

export function binaryFrame(kind: number, turn: number, bytes: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(turn, 1);
  return Buffer.concat([header, bytes]);
}
