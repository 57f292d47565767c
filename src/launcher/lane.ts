/**
 * @module
 * A lane: the one socket over which a launcher on this machine is reached. On it go messages one way,
 * and frames the other: `o` and `e` are the program's stdout and stderr, `s` are status lines. It can
 * serve one sandbox after the other.
 */
import type { Duplex } from "node:stream";
import { cutFrame } from "./frame.ts";
import { createInput, type Input } from "./input.ts";
import { LaneOutput } from "./lane-output.ts";
import type { Launcher } from "./launcher.ts";
import { createLineQueue } from "./line-queue.ts";
import { encodeMessage } from "./message.ts";
import { parseStatusLine } from "./status-line.ts";

const kinds = ["o", "e", "s"] as const;
type Kind = (typeof kinds)[number];

/** What is waited for when it is asked to end; it then has to kill, unmount and remove cgroups. */
const END_TIMEOUT_MS = 10_000;
/** While it builds it hears nothing but the end of its lane, which costs the lane. */
const BUILD_TIMEOUT_MS = 1000;

const endMessage = encodeMessage([["end", ""]]);

export interface LaneOptions {
  /** Takes a supervisor away that does not end. Does not throw. */
  readonly kill: () => void;
  /**
   * Called once the lane is closed. Resolves when its supervisor is gone, too, with how that came about,
   * in words; undefined where it was in order.
   */
  readonly afterClose: () => Promise<string | undefined>;
}

export class Lane {
  readonly #socket: Duplex;
  readonly #options: LaneOptions;
  #rest: Buffer = Buffer.alloc(0);
  #session: Session | undefined;
  #isOpen = true;

  constructor(socket: Duplex, options: LaneOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on("data", (chunk: Buffer) => {
      this.#take(chunk);
    });
    // The launcher's end shows as one; a write that comes too late is no news.
    socket.on("error", () => undefined);
    for (const end of ["end", "close"]) {
      socket.on(end, () => {
        this.close();
      });
    }
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * The launcher of the next sandbox.
   *
   * @param onEnd Called once it is gone; the lane is then free, or closed.
   * @throws {Error} while another is there.
   */
  begin(onEnd: () => void): Launcher {
    if (this.#session !== undefined || !this.#isOpen) throw new Error("this lane is taken");
    const session = new Session(this.#options, {
      write: (message) => {
        if (this.#isOpen) this.#socket.write(message);
      },
      close: () => {
        this.close();
      },
    });
    this.#session = session;
    void session.gone.then(() => {
      this.#session = undefined;
      onEnd();
    });
    return session;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.destroy();
    this.#session?.lose();
  }

  #take(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    try {
      for (let frame = this.#cut(); frame !== undefined; frame = this.#cut())
        this.#session?.take(frame.kind, frame.bytes);
    } catch {
      this.close();
    }
  }

  #cut(): { readonly kind: Kind; readonly bytes: Buffer } | undefined {
    const frame = cutFrame(this.#rest, kinds);
    if (frame !== undefined) this.#rest = frame.rest;
    return frame;
  }
}

interface Wire {
  readonly write: (message: Buffer) => void;
  readonly close: () => void;
}

/** One sandbox's time on a lane. */
class Session implements Launcher {
  readonly #options: LaneOptions;
  readonly #wire: Wire;
  readonly #lines = createLineQueue();
  readonly stdout = this.#output("stdout");
  readonly stderr = this.#output("stderr");
  #input: Input | undefined;
  #isReady = false;
  #isAskedToEnd = false;
  #isGone = false;
  #failure: string | undefined;
  #onGone: () => void = () => undefined;
  /** Resolves when its supervisor is gone, and with it the sandbox. */
  readonly gone = new Promise<void>((resolve) => {
    this.#onGone = resolve;
  });

  constructor(options: LaneOptions, wire: Wire) {
    this.#options = options;
    this.#wire = wire;
  }

  get stdin(): Input["stream"] {
    this.#input ??= createInput(
      (message) => {
        this.send(message);
      },
      () => this.#isGone,
    );
    return this.#input.stream;
  }

  send(message: Buffer): void {
    if (!this.#isAskedToEnd && !this.#isGone) this.#wire.write(message);
  }

  async nextStatus(): ReturnType<Launcher["nextStatus"]> {
    const line = await this.#lines.next();
    if (line !== undefined) return parseStatusLine(line);
    await this.gone;
    return undefined;
  }

  async end(): Promise<void> {
    if (!this.#isAskedToEnd && !this.#isGone) {
      this.#isAskedToEnd = true;
      this.#wire.write(endMessage);
    }
    const isBuilding = setTimeout(() => {
      if (!this.#isReady) this.#wire.close();
    }, BUILD_TIMEOUT_MS);
    const timer = setTimeout(this.#options.kill, END_TIMEOUT_MS);
    await this.gone;
    clearTimeout(isBuilding);
    clearTimeout(timer);
  }

  isAlive(): boolean {
    return !this.#isGone;
  }

  failure(): string | undefined {
    return this.#failure;
  }

  take(kind: Kind, bytes: Buffer): void {
    if (kind === "o") this.stdout.push(bytes);
    else if (kind === "e") this.stderr.push(bytes);
    else this.#takeLine(bytes.toString("utf8"));
  }

  /** The lane is closed. */
  lose(): void {
    void this.#options.afterClose().then((failure) => {
      this.#failure = failure;
      this.#finish();
    });
  }

  #takeLine(text: string): void {
    if (text === "gone\n") this.#finish();
    else if (text === "lost\n") this.#answerLoss();
    else if (text === "input-taken\n") this.#input?.taken();
    else {
      this.#isReady ||= text === "ready\n";
      this.#lines.push(text);
    }
  }

  /** Its sandbox has ended by itself: after our answer its lane is free. */
  #answerLoss(): void {
    this.#failure ??= "the sandbox ended before its time";
    if (this.#isAskedToEnd) return;
    this.#isAskedToEnd = true;
    this.#wire.write(endMessage);
  }

  #finish(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#input?.taken();
    this.stdout.end();
    this.stderr.end();
    this.#lines.end();
    this.#onGone();
  }

  #output(name: "stdout" | "stderr"): LaneOutput {
    return new LaneOutput((bytes) => {
      this.send(encodeMessage([["taken", [name, String(bytes)]]]));
    });
  }
}
