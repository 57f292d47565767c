/**
 * @module
 * The connection of one sandbox, from our side: one thing at a time goes on over it, and ends with it.
 */
import type { WebSocket } from "ws";
import { silentPolicyOf } from "../../core/asking.ts";
import type { GloveboxError } from "../../core/errors.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import type { ClientMessage } from "../../sandbox-protocol/client-messages.ts";
import { sendFiles } from "../../sandbox-protocol/files.ts";
import type { ByteFrame } from "../../sandbox-protocol/frames.ts";
import { createPeer, type Peer } from "../../sandbox-protocol/peer.ts";
import { serverMessageSchema, type ServerMessage } from "../../sandbox-protocol/server-messages.ts";
import { errorFromWire } from "../../sandbox-protocol/values.ts";
import { closeCodes, type Heartbeat } from "../../util/web-socket.ts";
import { providerName, sandboxFailed } from "./failures.ts";
import type { RunningTurn } from "./turn.ts";

export type CreatedMessage = Extract<ServerMessage, { type: "created" }>;

/** What a server gets to destroy a sandbox; a container may take seconds. */
const GOODBYE_MS = 20_000;

export class Connection {
  readonly peer: Peer<ClientMessage>;
  readonly #shown: string;
  readonly #closed: Promise<void>;
  #current: RunningTurn<unknown> | undefined;
  #turns = 0;
  /** Why nothing goes on here any more. */
  #end: GloveboxError | undefined;

  /** @param shown The server's address. */
  constructor(socket: WebSocket, shown: string, heartbeat: Heartbeat | undefined) {
    this.#shown = shown;
    let onClosed: () => void = () => undefined;
    this.#closed = new Promise((resolve) => {
      onClosed = resolve;
    });
    this.peer = createPeer<ServerMessage, ClientMessage>(socket, {
      schema: serverMessageSchema,
      onMessage: (message) => this.#take(message),
      onBytes: (frame) => this.#takeBytes(frame),
      onFault: (_code, message) => this.#refuse(message),
      onClose: (code) => {
        const how = code === closeCodes.done ? "was ended" : `broke off (${code})`;
        this.#fail(sandboxFailed("connection", `the connection to ${this.#shown} ${how}`));
        onClosed();
      },
      heartbeat,
    });
  }

  /** @throws {GloveboxError} What the server says, or `SANDBOX_FAILED` where the connection broke off. */
  async create(spec: SandboxSpec): Promise<CreatedMessage> {
    const { image, limits, files, enforcement } = spec;
    const policy = silentPolicyOf(spec, providerName);
    const { memoryBytes, processes, diskBytes, openFiles } = limits;
    const created = this.#run(0, creation());
    void this.peer.send({
      type: "create",
      sandbox: {
        ...(image === undefined ? {} : { image }),
        network: policy.network.mode,
        limits: {
          memory_bytes: memoryBytes,
          processes,
          disk_bytes: diskBytes,
          open_files: openFiles,
        },
        enforcement,
      },
    });
    void sendFiles(this.peer, 0, files, () => this.#end === undefined).then(() =>
      this.peer.send({ type: "start" }),
    );
    return created;
  }

  get isBusy(): boolean {
    return this.#current !== undefined;
  }

  /** The number of what goes on; 0 where nothing does. */
  get currentTurn(): number {
    return this.#current?.turn ?? 0;
  }

  /**
   * @param begin Called with the number of the turn.
   * @throws {GloveboxError} See `create`.
   */
  async run<T>(begin: (turn: number) => RunningTurn<T>): Promise<T> {
    if (this.#end !== undefined) throw this.#end;
    this.#turns += 1;
    return this.#run(this.#turns, begin(this.#turns));
  }

  /** Resolves when the sandbox is gone, as far as it can be known here. */
  async close(): Promise<void> {
    const timer = setTimeout(() => {
      this.peer.terminate();
    }, GOODBYE_MS);
    void this.peer.send({ type: "destroy" });
    await this.#closed;
    clearTimeout(timer);
  }

  async #run<T>(number: number, turn: RunningTurn<T>): Promise<T> {
    this.#current = turn;
    if (this.#end !== undefined) turn.fail(this.#end);
    try {
      return await turn.done;
    } finally {
      this.#current = undefined;
      this.#turns = number;
    }
  }

  #take(message: ServerMessage): void {
    if (message.type === "over") {
      this.#fail(errorFromWire(message.error));
      return;
    }
    const turn = message.type === "created" ? 0 : message.turn;
    const current = this.#current;
    // About one that nobody waits for any more.
    if (current === undefined || current.turn !== turn) return;
    if (message.type === "failed") current.fail(errorFromWire(message.error));
    else if (!current.onMessage(message)) this.#refuse(`\`${message.type}\` out of turn`);
  }

  #takeBytes(frame: ByteFrame): void {
    const current = this.#current;
    if (current === undefined || current.turn !== frame.turn) return;
    if (!current.onBytes(frame)) this.#refuse(`bytes of ${frame.kind} that were not asked for`);
  }

  /** What the server must not say: nothing that follows can be trusted. */
  #refuse(what: string): void {
    this.#fail(
      sandboxFailed("connection", `${this.#shown} does not keep to the protocol: ${what}`),
    );
    this.peer.close(closeCodes.protocol, what);
  }

  #fail(error: GloveboxError): void {
    this.#end ??= error;
    this.#current?.fail(this.#end);
  }
}

function creation(): RunningTurn<CreatedMessage> {
  let settle: { resolve: (message: CreatedMessage) => void; reject: (error: unknown) => void };
  const done = new Promise<CreatedMessage>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return {
    turn: 0,
    done,
    onBytes: () => false,
    onMessage: (message) => {
      if (message.type !== "created") return false;
      settle.resolve(message);
      return true;
    },
    fail: (error) => settle.reject(error),
  };
}
