/**
 * @module
 * Launchers as processes: one for a single sandbox, or one that serves many.
 */
import { spawn, type ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import { GloveboxError } from "../../core/errors.ts";
import { Lane } from "../../launcher/lane.ts";
import type { Launcher } from "../../launcher/launcher.ts";

/** Where launchers of sandboxes come from. */
export interface Launchers {
  /** @throws {GloveboxError} `SANDBOX_FAILED` where this process has no file descriptors left for it. */
  start(): Launcher;
  /** The launcher of a template; undefined where there can't be a further one. */
  startTemplate?(): TemplateLauncher | undefined;
  /** Ends all, and waits for that. Does not throw; idempotent. */
  close(): Promise<void>;
}

export interface TemplateLauncher {
  readonly launcher: Launcher;
  /** As its forks' launchers call it. */
  readonly number: number;
  /** One that can fork it; undefined where all are taken. */
  startFork(): Launcher | undefined;
}

/** Sandboxes that one process serves at the same time; more begin another one. */
const LANES = 128;
/** Templates at the same time. */
const TEMPLATES = 16;

const LAST_WORDS_MS = 1000;

/** What has to end within it is killed: a process that serves waits for the ends of its sandboxes. */
const CLOSE_TIMEOUT_MS = 15_000;

/** A process for each sandbox, which ends with it: what a single run needs. */
export function singleLaunchers(path: string): Launchers {
  return {
    start: () => startLauncher(path, [], []).launcher,
    close: () => Promise.resolve(),
  };
}

/** @param streams Its fds behind the lane. */
export function startLauncher(
  path: string,
  args: readonly string[],
  streams: readonly Stream[],
): Started & { readonly launcher: Launcher } {
  const started = startProcess(path, args, ["pipe", ...streams]);
  const [socket] = started.streams;
  if (socket === undefined) throw new Error("a launcher has a lane");
  const lane = new Lane(socket, {
    kill: () => started.child.kill("SIGKILL"),
    afterClose: () => started.ended,
  });
  void started.ended.then(() => {
    // Its last words may still be on their way; but somebody else may hold the lane open for ever.
    setTimeout(() => {
      lane.close();
    }, LAST_WORDS_MS).unref();
  });
  return { ...started, launcher: lane.begin(() => undefined) };
}

/**
 * Processes that serve many sandboxes: no start of one is a fork of this process. Each is started when
 * it is first needed, and again after its death, with which its sandboxes are gone.
 */
export function sharedLaunchers(path: string, libraryPath?: string): Launchers {
  const servers = new Set<LaneServer>();
  const living = (): readonly LaneServer[] => [...servers].filter((server) => !server.isOver());
  const startServer = (): LaneServer => {
    const server = new LaneServer(path, libraryPath);
    servers.add(server);
    void server.ended.then(() => servers.delete(server));
    return server;
  };
  const usable = (): LaneServer | undefined => living().find((server) => !server.isWorn());
  return {
    start: () => {
      for (const server of living()) {
        const launcher = server.start();
        if (launcher !== undefined) return launcher;
      }
      const launcher = startServer().start();
      if (launcher === undefined) throw new Error("a new launcher has free lanes");
      return launcher;
    },
    // All on one: its sandboxes can fork them.
    startTemplate: () => (usable() ?? startServer()).startTemplate(),
    close: async () => {
      await Promise.all([...servers].map((server) => server.close()));
    },
  };
}

class LaneServer {
  readonly #process: Started;
  readonly #leash: Duplex;
  readonly #lanes: readonly Lane[];
  readonly #free: Lane[];
  readonly #freeTemplates: number[];
  readonly #closedLanes = new Set<number>();
  readonly #onSupervisorGone = new Map<number, () => void>();
  /** Lanes that are closed for good. */
  readonly #lost = { sandboxes: 0, templates: 0 };
  readonly #templates: number;
  #inUse = 0;
  #isClosing = false;

  constructor(path: string, libraryPath: string | undefined) {
    const templates = libraryPath === undefined ? 0 : TEMPLATES;
    this.#templates = templates;
    const lanes = templates + LANES;
    const library = libraryPath === undefined ? [] : [libraryPath];
    const args = ["serve", String(lanes), String(templates), ...library];
    // Fd 4 is a place that the launcher fills itself.
    this.#process = startProcess(path, args, ["pipe", "ignore", ...pipes(lanes)]);
    const [leash, , ...sockets] = this.#process.streams;
    if (leash === undefined) throw new Error("a launcher has a leash");
    this.#leash = leash.on("error", () => undefined);
    this.#listen(leash);
    this.#lanes = sockets.map((socket, number) => this.#createLane(socket, number));
    this.#free = this.#lanes.slice(templates).reverse();
    this.#freeTemplates = Array.from({ length: templates }, (_, index) => index).reverse();
  }

  /** Resolves when its process is gone. */
  get ended(): Promise<unknown> {
    return this.#process.ended;
  }

  isOver(): boolean {
    return this.#isClosing || this.#lanes.every((lane) => !lane.isOpen);
  }

  /** Supervisors that were killed have taken their lanes with them: it begins nothing more. */
  isWorn(): boolean {
    const { sandboxes, templates } = this.#lost;
    return sandboxes * 2 > LANES || templates * 2 > TEMPLATES;
  }

  start(): Launcher | undefined {
    if (this.isWorn()) return undefined;
    for (let lane = this.#free.pop(); lane !== undefined; lane = this.#free.pop()) {
      const chosen = lane;
      if (chosen.isOpen) return this.#begin(chosen, () => this.#free.push(chosen));
    }
    return undefined;
  }

  startTemplate(): TemplateLauncher | undefined {
    if (this.isWorn()) return undefined;
    for (;;) {
      const number = this.#freeTemplates.pop();
      const lane = number === undefined ? undefined : this.#lanes[number];
      if (number === undefined || lane === undefined) return undefined;
      if (!lane.isOpen) continue;
      const launcher = this.#begin(lane, () => this.#freeTemplates.push(number));
      return { launcher, number, startFork: () => this.start() };
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const lane of this.#lanes) lane.close();
    this.#leash.destroy();
    const timer = setTimeout(() => this.#process.child.kill("SIGKILL"), CLOSE_TIMEOUT_MS);
    await this.#process.ended;
    clearTimeout(timer);
  }

  /** @param onFree The lane can be used again. */
  #begin(lane: Lane, onFree: () => void): Launcher {
    this.#inUse += 1;
    return lane.begin(() => {
      this.#inUse -= 1;
      if (lane.isOpen) onFree();
      if (this.#inUse === 0 && !this.#isClosing && this.isWorn()) void this.close();
    });
  }

  #createLane(socket: Duplex, number: number): Lane {
    return new Lane(socket, {
      kill: () => {
        const request = Buffer.alloc(4);
        request.writeUInt32LE(number);
        this.#leash.write(request);
      },
      afterClose: async () => {
        this.#lost[number < this.#templates ? "templates" : "sandboxes"] += 1;
        const gone = new Promise<void>((resolve) => {
          this.#onSupervisorGone.set(number, resolve);
        });
        if (this.#closedLanes.has(number)) return laneLost;
        const failure = await Promise.race([gone, this.#process.ended]);
        return this.#isClosing ? undefined : (failure ?? laneLost);
      },
    });
  }

  /** Numbers of lanes that are closed, and have no supervisor any more. */
  #listen(leash: Duplex): void {
    let rest = Buffer.alloc(0);
    leash.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (; rest.length >= 4; rest = rest.subarray(4)) {
        const number = rest.readUInt32LE(0);
        this.#closedLanes.add(number);
        this.#onSupervisorGone.get(number)?.();
      }
    });
  }
}

const laneLost = "the launcher ended before its time";

type Stream = "pipe" | "ignore" | "ipc";

interface Started {
  readonly child: ChildProcess;
  /** From fd 3 on. */
  readonly streams: readonly Duplex[];
  /** How it failed, in words; undefined where it ended as it should. */
  readonly ended: Promise<string | undefined>;
}

/** Starts it with an empty environment; what is wrong with its path shows in `ended`. */
function startProcess(path: string, args: readonly string[], streams: readonly Stream[]): Started {
  const child = spawn(path, args, {
    stdio: ["ignore", "ignore", "ignore", ...streams],
    env: {},
    cwd: "/",
  });
  const ended = endOf(child, path);
  // Node's types don't know it: without a free file descriptor there are no streams at all.
  if ((child.stdio as unknown) === undefined) {
    const message = "linux: cannot start the launcher: too many open files. Raise `ulimit -n`.";
    throw new GloveboxError("SANDBOX_FAILED", message, { provider: "linux", step: "start" });
  }
  return { child, streams: child.stdio.slice(3) as unknown as Duplex[], ended };
}

const pipes = (count: number): readonly "pipe"[] => new Array<"pipe">(count).fill("pipe");

/** Codes with which a launcher says that it ended as it should: see native/launcher/launcher.h. */
const ORDERLY_CODES = [0, 3, 4];

/** Listens at once: an `error` event that nobody listens for would end this process. */
function endOf(child: ChildProcess, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      resolve(`cannot start ${path}: ${error.message}`);
    });
    child.once("exit", (code, signal) => {
      if (signal !== null) resolve(`the launcher was ended by ${signal}`);
      else if (code === null || !ORDERLY_CODES.includes(code))
        resolve(`the launcher ended with code ${String(code)}`);
      else resolve(undefined);
    });
  });
}
