/**
 * @module
 * One connection of /connect: its messages, its close codes, and the run that lives as long as it does.
 */
import { constants } from "node:os";
import type { Readable } from "node:stream";
import type { WebSocket } from "@fastify/websocket";
import type { RawData } from "ws";
import { createMessageRate } from "../../sandbox-socket/message-rate.ts";
import {
  createInputGate,
  keepAlive,
  sendMessage,
  type InputGate,
} from "../../../util/web-socket.ts";
import { parseFrame } from "../../web-socket.ts";
import { refusal } from "./errors.ts";
import { createStdinFeed } from "./stdin-feed.ts";

/** What a session needs to run a job. */
export interface JobHooks {
  readonly stdin: Readable;
  /** Aborts when the connection is over. */
  readonly signal: AbortSignal;
  readonly send: (message: object) => Promise<void>;
  /** To be called when the program begins. */
  readonly begun: () => void;
  onControl(kill: (signal: NodeJS.Signals) => void): void;
}

export interface SessionParts {
  /**
   * Runs what the first message asks for, to its end.
   *
   * @throws What the client is told.
   */
  readonly run: (init: unknown, hooks: JobHooks) => Promise<void>;
  /**
   * Counts what a client sent before there is a program for it.
   *
   * @throws What the client is told.
   */
  readonly hold: (bytes: number) => void;
  /** A failure in words; logs what nobody expected. */
  readonly describe: (error: unknown) => string;
}

type Message = Readonly<Record<string, unknown>>;

/** Piston's, each with its reason. */
const closings = {
  alreadyInitialized: [4000, "Already Initialized"],
  initTimeout: [4001, "Initialization Timeout"],
  failed: [4002, "Notified Error"],
  notInitialized: [4003, "Not yet initialized"],
  notStdin: [4004, "Can only write to stdin"],
  invalidSignal: [4005, "Invalid signal"],
  done: [4999, "Job Completed"],
} as const;

const INIT_TIMEOUT_MS = 1_000;
/** Who takes nothing for so long holds a slot that others wait for. */
const STALL_MS = 10_000;

/** Takes the connection over; nothing is left of it, nor of its run, when it is closed. */
export function serveSession(socket: WebSocket, parts: SessionParts): void {
  new Session(socket, parts);
}

class Session {
  readonly #parts: SessionParts;
  readonly #socket: WebSocket;
  readonly #over = new AbortController();
  readonly #initTimer: NodeJS.Timeout;
  readonly #isTooFast = createMessageRate();
  readonly #stdin = createStdinFeed();
  readonly #gate: InputGate;
  #isInitialized = false;
  #isRunning = false;
  #kill: (signal: NodeJS.Signals) => void = () => undefined;

  constructor(socket: WebSocket, parts: SessionParts) {
    this.#parts = parts;
    this.#socket = socket;
    this.#gate = createInputGate(socket);
    keepAlive(socket, () => {
      this.#end();
    });
    this.#initTimer = setTimeout(() => {
      this.#close("initTimeout");
    }, INIT_TIMEOUT_MS);
    socket.on("message", (data: RawData, isBinary: boolean) => {
      if (!this.#over.signal.aborted) this.#receive(data as Buffer, isBinary);
    });
  }

  #receive(data: Buffer, isBinary: boolean): void {
    try {
      this.#take(toMessage(parseFrame(data, isBinary)), data.byteLength);
    } catch (error) {
      this.#fail(error);
    }
  }

  #take(message: Message, bytes: number): void {
    const { type } = message;
    if (type === "init") {
      if (this.#isInitialized) this.#close("alreadyInitialized");
      else this.#init(message, bytes);
      return;
    }
    if (type !== "data" && type !== "eof" && type !== "signal") return;
    if (!this.#isInitialized) this.#close("notInitialized");
    else if (type === "data") this.#takeInput(message, bytes);
    else if (type === "eof") this.#stdin.end();
    else this.#takeSignal(message);
  }

  #init(message: Message, bytes: number): void {
    this.#isInitialized = true;
    clearTimeout(this.#initTimer);
    this.#parts.hold(bytes);
    void this.#run(message);
  }

  async #run(message: Message): Promise<void> {
    try {
      await this.#parts.run(message, {
        stdin: this.#stdin.stream,
        signal: this.#over.signal,
        send: async (each) => this.#send(each),
        begun: () => {
          this.#isRunning = true;
        },
        onControl: (kill) => {
          this.#kill = kill;
        },
      });
      this.#close("done");
    } catch (error) {
      this.#fail(error);
    }
  }

  #takeInput({ stream, data }: Message, bytes: number): void {
    if (stream !== "stdin") {
      this.#close("notStdin");
      return;
    }
    if (typeof data !== "string") throw refusal("data", "data is required as a string");
    // Of programs that run there are only so many.
    if (!this.#isRunning) this.#parts.hold(bytes);
    this.#stdin.push(data, this.#gate.hold(bytes));
  }

  #takeSignal({ signal }: Message): void {
    if (typeof signal !== "string" || !Object.hasOwn(constants.signals, signal)) {
      this.#close("invalidSignal");
    } else if (!this.#isTooFast()) {
      this.#kill(signal as NodeJS.Signals);
    }
  }

  /** Resolves once the message is out of our hands, or the connection is over. */
  async #send(message: object): Promise<void> {
    await sendMessage(this.#socket, JSON.stringify(message), STALL_MS);
  }

  /** The reason has no room in a close frame. */
  #fail(error: unknown): void {
    if (this.#over.signal.aborted) return;
    void this.#send({ type: "error", message: this.#parts.describe(error) });
    this.#close("failed");
  }

  #close(name: keyof typeof closings): void {
    const [code, reason] = closings[name];
    // Its own close is to be heard.
    this.#socket.resume();
    this.#socket.close(code, reason);
    this.#end();
  }

  /** Idempotent. */
  #end(): void {
    clearTimeout(this.#initTimer);
    this.#over.abort(new Error("the connection is over"));
    this.#stdin.stream.destroy();
  }
}

function toMessage(document: unknown): Message {
  if (typeof document === "object" && document !== null && !Array.isArray(document)) {
    return document as Message;
  }
  throw refusal("message", "a message must be a JSON object");
}
