/**
 * @module
 * One connection, which is one sandbox: it is made of what comes first, serves one command after the
 * other, and is gone with the connection.
 */
import { once } from "node:events";
import type { ServerConfig } from "../../config/server-config.ts";
import { GloveboxError, invalidRequest } from "../../core/errors.ts";
import type { ProviderSandbox } from "../../core/provider.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { clientMessageSchema, type ClientMessage } from "../../sandbox-protocol/client-messages.ts";
import type { ByteFrame } from "../../sandbox-protocol/frames.ts";
import { createPeer, type Peer } from "../../sandbox-protocol/peer.ts";
import type { ServerMessage } from "../../sandbox-protocol/server-messages.ts";
import { errorToWire } from "../../sandbox-protocol/values.ts";
import { enforcementToJson } from "../../service/report-json.ts";
import {
  closeCodes,
  type CloseCode,
  type Heartbeat,
  type MessageSocket,
} from "../../util/web-socket.ts";
import type { ByteShare } from "../byte-budget.ts";
import { findJsonFault } from "../json-bounds.ts";
import { closeCodeOf } from "../web-socket.ts";
import { createCreation, type Creation } from "./creation.ts";
import { createMessageRate } from "./message-rate.ts";
import { canceled, ended } from "./session-errors.ts";
import { startCollecting, startCommand, type Turn, type TurnParts } from "./turns.ts";

export interface SessionParts {
  /** Narrowed to the caller, see `boundsFor`. */
  readonly config: ServerConfig;
  /** Of the budget of the files of all sandboxes that are being made. */
  readonly openShare: () => ByteShare;
  /** Takes a slot for the life of the sandbox. */
  readonly createSandbox: (spec: SandboxSpec, signal: AbortSignal) => Promise<ProviderSandbox>;
  /** Whether somebody would run if this slot were free. */
  readonly othersWait: () => boolean;
  /** A failure as one of the catalogue; logs what nobody expected. */
  readonly describe: (error: unknown) => GloveboxError;
  readonly times?: SessionTimes | undefined;
}

/** What is absent is as usual. */
export interface SessionTimes {
  /** A sandbox in which nothing runs, and of which nothing is asked. */
  readonly idleMs?: number;
  /** The same where others wait for its slot. Looked at this often. */
  readonly idleWhileWantedMs?: number;
  /** Of the sandbox. */
  readonly lifeMs?: number;
  readonly heartbeat?: Heartbeat;
}

const IDLE_MS = 60_000;
/** Where others wait for the slot that it has. */
const IDLE_WHILE_WANTED_MS = 5_000;
/** A sandbox serves several commands, each of which has the wall time. */
const COMMANDS_OF_A_LIFE = 4;

export class SandboxSession {
  readonly #parts: SessionParts;
  readonly #peer: Peer<ServerMessage>;
  readonly #over = new AbortController();
  readonly #closed: Promise<void>;
  readonly #isTooFast = createMessageRate();
  #creation: Creation | undefined;
  #onSpec: (spec: SandboxSpec) => void = () => undefined;
  #onRefusal: (error: unknown) => void = () => undefined;
  #sandbox: ProviderSandbox | undefined;
  #turn: Turn | undefined;
  #lastTurn = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(socket: MessageSocket, parts: SessionParts) {
    this.#parts = parts;
    let onClosed: () => void = () => undefined;
    this.#closed = new Promise((resolve) => {
      onClosed = resolve;
    });
    this.#peer = createPeer(socket, {
      schema: clientMessageSchema,
      findFault: findJsonFault,
      onMessage: (message) => this.#guard(() => this.#take(message)),
      onBytes: (frame) => this.#guard(() => this.#takeBytes(frame)),
      onFault: (code, message) => this.end(invalidRequest("message", message), code),
      onClose: () => {
        this.#over.abort(new Error("the client hung up"));
        onClosed();
      },
      heartbeat: parts.times?.heartbeat,
    });
  }

  /** Resolves when the sandbox is gone and the connection closed. Never rejects. */
  async serve(): Promise<void> {
    const { signal } = this.#over;
    let code: CloseCode = closeCodes.done;
    try {
      const sandbox = await this.#create();
      try {
        this.#sandbox = sandbox;
        this.#announce(sandbox);
        await this.#live();
      } finally {
        this.#turn?.cancel(signal.reason);
        await sandbox.destroy();
      }
    } catch (error) {
      if (!signal.aborted) code = closeCodeOf(this.#fail(0, error));
    }
    this.#peer.close(code, "");
    await this.#closed;
  }

  /** Ends the sandbox and the connection, and tells the client why. Idempotent. */
  end(error: GloveboxError, code = closeCodeOf(error)): void {
    if (this.#over.signal.aborted) return;
    void this.#peer.send({ type: "over", error: errorToWire(error) });
    this.#peer.close(code, error.message);
    this.#over.abort(error);
  }

  async #create(): Promise<ProviderSandbox> {
    const share = this.#parts.openShare();
    try {
      const spec = await this.#receive(share);
      return await this.#parts.createSandbox(spec, this.#over.signal);
    } finally {
      share.close();
    }
  }

  async #receive(share: ByteShare): Promise<SandboxSpec> {
    const { config } = this.#parts;
    const { requestTimeoutMs: timeoutMs } = config.server;
    const timer = setTimeout(() => {
      const message = `what the sandbox is made of did not arrive within ${timeoutMs} ms`;
      this.#onRefusal(new GloveboxError("REQUEST_TIMEOUT", message, { timeoutMs }));
    }, timeoutMs);
    this.#creation = createCreation(config, (bytes) => {
      share.take(bytes);
    });
    try {
      return await new Promise<SandboxSpec>((resolve, reject) => {
        this.#onSpec = resolve;
        this.#onRefusal = reject;
        this.#over.signal.addEventListener("abort", () => {
          reject(this.#over.signal.reason as Error);
        });
      });
    } finally {
      clearTimeout(timer);
      this.#creation = undefined;
    }
  }

  #announce({ id, enforcement }: ProviderSandbox): void {
    const { wallTimeMs, cpuTimeMs, outputBytes } = this.#parts.config.limits.max;
    void this.#peer.send({
      type: "created",
      id,
      enforcement: enforcementToJson(enforcement),
      limits: { wall_time_ms: wallTimeMs, cpu_time_ms: cpuTimeMs, output_bytes: outputBytes },
    });
  }

  /** Resolves when the sandbox shall go. */
  async #live(): Promise<void> {
    const { config, times } = this.#parts;
    const { signal } = this.#over;
    const lifeMs = times?.lifeMs ?? COMMANDS_OF_A_LIFE * config.limits.max.wallTimeMs;
    const lifeTimer = setTimeout(() => {
      const why = `it lived for ${lifeMs / 1000} s, the longest that this server allows`;
      this.end(ended(why), closeCodes.policy);
    }, lifeMs);
    this.#armIdle();
    try {
      if (!signal.aborted) await once(signal, "abort");
    } finally {
      clearTimeout(lifeTimer);
      clearInterval(this.#idleTimer);
    }
  }

  #armIdle(): void {
    const { times, othersWait } = this.#parts;
    const idleMs = times?.idleMs ?? IDLE_MS;
    const stepMs = Math.min(times?.idleWhileWantedMs ?? IDLE_WHILE_WANTED_MS, idleMs);
    clearInterval(this.#idleTimer);
    if (this.#over.signal.aborted) return;
    let passedMs = 0;
    this.#idleTimer = setInterval(() => {
      passedMs += stepMs;
      if (passedMs < idleMs && !othersWait()) return;
      this.end(ended(`nothing ran in it for ${passedMs / 1000} s`), closeCodes.policy);
    }, stepMs);
  }

  /** After a fault nothing that follows can be trusted; before there is a sandbox, there will be none. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (this.#creation !== undefined) {
        this.#onRefusal(error);
        return;
      }
      const known = this.#parts.describe(error);
      this.end(known, known.code === "INVALID_REQUEST" ? closeCodes.protocol : undefined);
    }
  }

  #take(message: ClientMessage): void {
    switch (message.type) {
      case "create":
      case "file":
      case "start": {
        const spec = this.#creating().tell(message);
        if (spec !== undefined) this.#onSpec(spec);
        return;
      }
      case "exec":
        this.#start(message.turn, (parts) => startCommand(parts, message.command));
        return;
      case "collect":
        this.#start(message.turn, (parts) => startCollecting(parts, message));
        return;
      case "cancel":
        if (message.turn === this.#turn?.number) this.#turn.cancel(canceled());
        return;
      case "destroy":
        this.#over.abort(new Error("destroyed"));
        return;
      case "kill":
      case "resize":
        if (this.#isTooFast()) throw invalidRequest(message.type, "too many of them at once");
        break;
      default:
        break;
    }
    // About a turn that has ended: the client could not know.
    if (message.turn === this.#turn?.number) this.#turn.tell(message);
  }

  #takeBytes({ kind, turn, bytes }: ByteFrame): void {
    if (kind === "file" && turn === 0) this.#creating().takeBytes(bytes);
    else if (kind !== "stdin") throw invalidRequest("message", `nobody asked for bytes of ${kind}`);
    else if (turn === this.#turn?.number) this.#turn.takeInput(bytes);
  }

  #creating(): Creation {
    if (this.#creation !== undefined) return this.#creation;
    throw invalidRequest("message", "the sandbox is made already");
  }

  #start(number: number, start: (parts: TurnParts) => Turn): void {
    const { config } = this.#parts;
    const sandbox = this.#sandbox;
    if (sandbox === undefined || this.#turn !== undefined || number !== this.#lastTurn + 1) {
      throw invalidRequest("turn", "another one goes on, or has been");
    }
    this.#lastTurn = number;
    clearInterval(this.#idleTimer);
    try {
      this.#turn = start({ turn: number, peer: this.#peer, sandbox, config });
    } catch (error) {
      this.#fail(number, error);
      this.#armIdle();
      return;
    }
    void this.#turn.done.then(
      (message) => this.#finish(message),
      (error: unknown) => {
        this.#finish();
        if (!this.#over.signal.aborted) this.#fail(number, error);
      },
    );
  }

  /** The next turn may begin as soon as the client hears of the end of this one. */
  #finish(message?: ServerMessage): void {
    this.#turn = undefined;
    if (message !== undefined) void this.#peer.send(message);
    this.#armIdle();
  }

  #fail(turn: number, error: unknown): GloveboxError {
    const known = this.#parts.describe(error);
    void this.#peer.send({ type: "failed", turn, error: errorToWire(known) });
    return known;
  }
}
