/**
 * @module
 * A sandbox that a server has for us.
 */
import { pathsToCollect, type CollectedFiles, type CollectRequest } from "../../core/collected.ts";
import type { Command, TtySize } from "../../core/command.ts";
import type { Enforcement } from "../../core/enforcement.ts";
import { invalidRequest, isGloveboxError } from "../../core/errors.ts";
import type { Execution } from "../../core/execution.ts";
import type { ProviderSandbox } from "../../core/provider.ts";
import type { ClientMessage } from "../../sandbox-protocol/client-messages.ts";
import { enforcementFromWire } from "../../sandbox-protocol/values.ts";
import { maxMessageBytes } from "../../util/web-socket.ts";
import { receiveCollected } from "./collecting.ts";
import type { Connection, CreatedMessage } from "./connection.ts";
import { sandboxFailed } from "./failures.ts";
import { commandToWire, runCommand, type CommandBounds } from "./running-command.ts";

/** What a server gets to end a command after an abort. */
const CANCEL_GRACE_MS = 10_000;

export class RemoteSandbox implements ProviderSandbox {
  readonly id: string;
  readonly enforcement: Enforcement;
  readonly #connection: Connection;
  readonly #bounds: CommandBounds;
  #isRunning = false;
  #isStopped = false;
  #destroyed: Promise<void> | undefined;

  constructor(connection: Connection, { id, enforcement, limits }: CreatedMessage) {
    this.id = id;
    this.enforcement = enforcementFromWire(enforcement);
    this.#connection = connection;
    this.#bounds = limits;
  }

  async exec(command: Command, signal: AbortSignal): Promise<Execution> {
    this.#refuseUnlessIdle("exec");
    if (signal.aborted) {
      this.#isStopped = true;
      return canceled;
    }
    this.#isRunning = true;
    try {
      const execution = await this.#run(command, signal);
      this.#isStopped ||= !["exited", "signaled"].includes(execution.outcome.kind);
      return execution;
    } catch (error) {
      this.#isStopped ||= !isRefusal(error);
      throw error;
    } finally {
      this.#isRunning = false;
    }
  }

  async collect(request: CollectRequest, signal: AbortSignal): Promise<CollectedFiles> {
    const paths = [...pathsToCollect(request)];
    this.#refuseUnlessIdle("collect");
    const { maxFiles: max_files, maxBytes: max_bytes } = request;
    try {
      signal.throwIfAborted();
      return await this.#connection.run((turn) => {
        const collecting = receiveCollected(turn, request);
        const onAbort = (): void => {
          this.#say({ type: "cancel", turn });
          collecting.fail(signal.reason);
        };
        signal.addEventListener("abort", onAbort, { once: true });
        const stopListening = (): void => signal.removeEventListener("abort", onAbort);
        collecting.done.then(stopListening, stopListening);
        this.#say({ type: "collect", turn, paths, max_files, max_bytes });
        return collecting;
      });
    } catch (error) {
      this.#isStopped ||= !isRefusal(error);
      signal.throwIfAborted();
      throw error;
    }
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#isRunning) return;
    this.#say({ type: "kill", turn: this.#connection.currentTurn, signal });
  }

  resize({ columns, rows }: TtySize): void {
    if (!this.#isRunning) return;
    this.#say({ type: "resize", turn: this.#connection.currentTurn, columns, rows });
  }

  async destroy(): Promise<void> {
    this.#isStopped = true;
    this.#destroyed ??= this.#connection.close();
    return this.#destroyed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }

  async #run(command: Command, signal: AbortSignal): Promise<Execution> {
    const wired = commandToWire(command, this.#bounds);
    const bytes = Buffer.byteLength(JSON.stringify(wired));
    if (bytes > maxMessageBytes / 2) {
      throw invalidRequest(
        "argv",
        `has, with its environment, ${bytes} bytes: more than can be sent`,
      );
    }
    let timer: NodeJS.Timeout | undefined;
    let onAbort: () => void = () => undefined;
    try {
      return await this.#connection.run((turn) => {
        this.#say({ type: "exec", turn, command: wired });
        const running = runCommand(turn, command, this.#connection.peer);
        onAbort = () => {
          running.cancel();
          timer = setTimeout(() => {
            this.#connection.peer.terminate();
          }, CANCEL_GRACE_MS);
        };
        signal.addEventListener("abort", onAbort, { once: true });
        return running;
      });
    } catch (error) {
      // A server that went away in the middle can't say how it ended.
      if (signal.aborted && isGloveboxError(error)) return canceled;
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  #say(message: ClientMessage): void {
    void this.#connection.peer.send(message);
  }

  #refuseUnlessIdle(step: string): void {
    if (this.#isStopped) {
      throw sandboxFailed(step, "the sandbox is stopped and takes no further command");
    }
    if (this.#connection.isBusy) {
      throw sandboxFailed(step, "the sandbox still runs another command");
    }
  }
}

/** What was asked for can't be: nothing was done. */
const isRefusal = (error: unknown): boolean =>
  isGloveboxError(error) && error.code === "INVALID_REQUEST";

const canceled: Execution = {
  outcome: { kind: "canceled" },
  usage: { wallTimeMs: 0, cpuTimeMs: 0 },
  droppedBytes: { stdout: 0, stderr: 0 },
};
