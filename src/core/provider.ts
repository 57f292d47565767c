/**
 * @module
 * The contract between Glovebox and a way to isolate. `test/conformance` holds every provider to it.
 */
import type { ChangesRequest } from "./changes.ts";
import type { CollectedFiles, CollectRequest } from "./collected.ts";
import type { AheadCommand, Command, TtySize } from "./command.ts";
import type { Enforcement } from "./enforcement.ts";
import type { Execution } from "./execution.ts";
import type { ImageStore } from "./image.ts";
import type { SandboxSpec } from "./sandbox.ts";

/**
 * One way to isolate a program. Its state lives in the sandboxes it creates, and in what it keeps
 * ready for the next ones.
 */
export interface Provider {
  readonly name: string;
  /**
   * Whose programs run in a sandbox whose `SandboxSpec.image` is absent: this machine's, an image's, or
   * those of another machine, where nothing of this one can be shown.
   */
  readonly programs: "host" | "image" | "remote";
  /** What `SandboxSpec.image` may name. Absent where it must be absent. */
  readonly images?: ImageStore;

  /**
   * Tries every control on this host, with a real sandbox; does not throw. Takes at most 5 s, but for
   * the first contact with a daemon on another kind of machine, which makes its launcher then: minutes.
   */
  probe(): Promise<ProbeReport>;

  /**
   * Builds a sandbox; when it resolves, all controls are in place and no program runs yet.
   *
   * @throws {GloveboxError} `POLICY_UNENFORCEABLE` if `spec` asks for a control that this host
   * lacks and `spec.enforcement` is `strict`; `PROVIDER_UNAVAILABLE` if this host cannot serve at
   * all; `IMAGE_NOT_FOUND`; `SANDBOX_FAILED` with the step that failed. Nothing is left behind in
   * any case.
   * @param ahead What its first command will be: a provider may have it started already, and then runs
   * nothing else as the first.
   */
  create(spec: SandboxSpec, signal: AbortSignal, ahead?: AheadCommand): Promise<ProviderSandbox>;

  /**
   * Does ahead of `create` what takes long and outlasts a sandbox: fetches an image, deploys a function.
   * What this is not called for, `create` and `exec` do. Absent: there is nothing of the kind.
   *
   * @throws {GloveboxError} As `create`.
   * @throws The reason of `signal` after its abort.
   */
  readonly deploy?: (
    spec: SandboxSpec,
    command: Pick<Command, "argv" | "cwd" | "env" | "limits">,
    signal: AbortSignal,
  ) => Promise<void>;

  /**
   * Removes what sandboxes of killed owners left on this host, and nothing else.
   *
   * @param signal Its abort ends the sweep early, without an error: the next one does the rest.
   */
  sweep(signal?: AbortSignal): Promise<void>;

  /** What is kept ready for later sandboxes. Absent where nothing ever is. */
  readonly poolStats?: () => PoolStats;

  /** What those are that are kept ready, the ones that go first at the begin. Absent: as `poolStats`. */
  readonly poolKinds?: () => readonly PoolKind[];

  /**
   * How many sandboxes are being destroyed now, those that were kept ready included. While there are too
   * many, `create` waits. Absent: not known.
   */
  readonly destroying?: () => number;

  /** Destroys what is kept ready for later sandboxes; none may be created after it. Idempotent. */
  close(): Promise<void>;
}

export interface PoolStats {
  /** Ready now. */
  readonly ready: number;
  /** What they hold, as far as it is known. */
  readonly readyBytes: number;
  /** How long the oldest of them has been waiting; 0 where there is none. */
  readonly oldestMs: number;
  /** Sandboxes that were there when they were asked for, so far. */
  readonly hits: number;
  /** Those that had to be made. */
  readonly misses: number;
  /** Made to be kept ready, so far, and the time that this took in sum. */
  readonly made: number;
  readonly makeMs: number;
}

/** Ready sandboxes that are as good as each other. */
export interface PoolKind {
  /** The program that waits in them, or their image; empty where there is none yet. */
  readonly name: string;
  readonly ready: number;
  /** To be made as soon as there is time. */
  readonly wanted: number;
}

export interface ProviderSandbox extends AsyncDisposable {
  readonly id: string;
  /** What really holds in this sandbox. */
  readonly enforcement: Enforcement;

  /**
   * Runs one command to its end, one at a time. When it resolves, every process that the command
   * started is gone, or killed and runs no further, and all output was handed over. Resolves for every outcome of the program,
   * limits and an abort of `signal` (`canceled`) included. After an outcome other than `exited`
   * and `signaled` the sandbox is stopped and takes no further command.
   *
   * @throws {GloveboxError} `SANDBOX_FAILED` if the sandbox itself broke.
   */
  exec(command: Command, signal: AbortSignal): Promise<Execution>;

  /**
   * Reads files that commands left in the workspace, between two of them: with the rights of a program
   * inside, following no link. A failure other than `INVALID_REQUEST`, or one because a command was
   * running, stops the sandbox, and so does an abort.
   *
   * @throws {GloveboxError} `INVALID_REQUEST` for a path that can't be asked for. `SANDBOX_FAILED` where
   * `exec` would throw it, while a command runs, where a limit of the sandbox leaves no room for
   * reading, or where it takes longer than `collectWallTimeMs`.
   * @throws The reason of `signal` after its abort.
   */
  collect(request: CollectRequest, signal: AbortSignal): Promise<CollectedFiles>;

  /**
   * Reads what commands changed in a workspace that is a copy, between two of them; there must be one. A
   * failure, or an abort, stops the sandbox. Absent: this provider makes no copies.
   *
   * @returns Whether that was all: false where there are more than `maxChangeEntries`.
   * @throws {GloveboxError} `SANDBOX_FAILED`, as `collect`, or where it takes longer than
   * `changesWallTimeMs`.
   * @throws The reason of `signal` after its abort.
   */
  readonly readChanges?: (request: ChangesRequest, signal: AbortSignal) => Promise<boolean>;

  /** Sends a signal to the running command's process group; nothing happens where none runs. */
  kill(signal: NodeJS.Signals): void;

  /** Changes the size of the running command's terminal; nothing happens where it has none. */
  resize(size: TtySize): void;

  /** Kills everything and frees all host resources. Idempotent; does not throw. */
  destroy(): Promise<void>;
}

/** What a provider can do on this host. */
export interface ProbeReport {
  readonly provider: string;
  /** False if no sandbox can be started; `reason` and `remedy` then say why and what to do. */
  readonly available: boolean;
  readonly reason: string;
  readonly remedy: string;
  readonly enforcement: Enforcement;
  /** What an operator wants to know besides, for people: `["daemon", "Docker 27.1 at unix://…"]`. */
  readonly facts: readonly (readonly [name: string, text: string])[];
}
