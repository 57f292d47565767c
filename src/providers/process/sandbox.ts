/**
 * @module
 * A temporary folder and the commands that run in it, one at a time.
 */
import { randomUUID } from "node:crypto";
import {
  collectWallTimeMs,
  pathsToCollect,
  type CollectedFiles,
  type CollectRequest,
} from "../../core/collected.ts";
import type { Command } from "../../core/command.ts";
import { GloveboxError } from "../../core/errors.ts";
import type { Execution } from "../../core/execution.ts";
import type { ProviderSandbox } from "../../core/provider.ts";
import { homePath, workspacePath } from "../../core/sandbox.ts";
import { collectFiles } from "./collect.ts";
import { enforcement, providerName } from "./enforcement.ts";
import { removeTree } from "./folders.ts";
import type { SandboxFolders } from "./folders.ts";
import { runCommand } from "./run-command.ts";
import type { RunningCommand } from "./run-command.ts";

export class ProcessSandbox implements ProviderSandbox {
  readonly id = randomUUID();
  readonly enforcement = enforcement;
  readonly #folders: SandboxFolders;
  #running: RunningCommand | undefined;
  #isCollecting = false;
  #isStopped = false;
  #destroyed: Promise<void> | undefined;

  constructor(folders: SandboxFolders) {
    this.#folders = folders;
  }

  async exec(command: Command, signal: AbortSignal): Promise<Execution> {
    this.#refuseUnlessIdle();
    if (command.tty !== undefined) throw refused("it has no terminals");
    if (signal.aborted) {
      this.#isStopped = true;
      return canceledBeforeStart;
    }
    const running = runCommand(toHost(command, this.#folders.hostPaths));
    this.#running = running;
    signal.addEventListener("abort", running.cancel, { once: true });
    try {
      const execution = await running.done;
      const { kind } = execution.outcome;
      if (kind !== "exited" && kind !== "signaled") this.#isStopped = true;
      return execution;
    } catch (error) {
      this.#isStopped = true;
      throw error;
    } finally {
      signal.removeEventListener("abort", running.cancel);
      this.#running = undefined;
    }
  }

  async collect(request: CollectRequest, signal: AbortSignal): Promise<CollectedFiles> {
    const paths = pathsToCollect(request);
    this.#refuseUnlessIdle();
    const workspace = hostFolder(workspacePath, this.#folders.hostPaths);
    const timeout = AbortSignal.timeout(collectWallTimeMs);
    const either = AbortSignal.any([signal, timeout]);
    this.#isCollecting = true;
    try {
      const collected = await collectFiles(workspace, { ...request, paths }, either);
      if (this.#isStopped) throw new Error("it was destroyed meanwhile");
      return collected;
    } catch (error) {
      this.#isStopped = true;
      signal.throwIfAborted();
      const reason = timeout.aborted ? "it takes too long" : (error as Error).message;
      throw failed("collect", `the sandbox's files can't be read: ${reason}`, error);
    } finally {
      this.#isCollecting = false;
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#running?.signal(signal);
  }

  resize(): void {
    // No command has a terminal.
  }

  async destroy(): Promise<void> {
    this.#destroyed ??= this.#destroy();
    return this.#destroyed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }

  #refuseUnlessIdle(): void {
    if (this.#isStopped) throw refused("it is stopped");
    if (this.#running !== undefined || this.#isCollecting) {
      throw refused("another command is running");
    }
  }

  async #destroy(): Promise<void> {
    this.#isStopped = true;
    const running = this.#running;
    running?.cancel();
    await running?.done.catch(() => undefined);
    // What can't be removed now is left to `sweep`; a destroy that throws would hide the result.
    await removeTree(this.#folders.root).catch(() => undefined);
  }
}

/** Paths inside that the command itself relies on become those of the host. */
function toHost(command: Command, hostPaths: ReadonlyMap<string, string>): Command {
  const env = { ...command.env };
  const { HOME: home, TMPDIR: temporary, PATH: path } = env;
  if (home === homePath) env["HOME"] = hostPaths.get(home) ?? home;
  if (temporary === "/tmp") env["TMPDIR"] = hostPaths.get(temporary) ?? temporary;
  if (path !== undefined) {
    const folders = path.split(":").map((folder) => hostFolder(folder, hostPaths));
    env["PATH"] = folders.join(":");
  }
  const [program = "", ...args] = command.argv;
  const argv = [hostPaths.get(program) ?? program, ...args];
  return { ...command, argv, env, cwd: hostFolder(command.cwd, hostPaths) };
}

function hostFolder(folder: string, hostPaths: ReadonlyMap<string, string>): string {
  for (const [inside, host] of hostPaths) {
    if (folder === inside || folder.startsWith(`${inside}/`)) {
      return host + folder.slice(inside.length);
    }
  }
  return folder;
}

const canceledBeforeStart: Execution = {
  outcome: { kind: "canceled" },
  usage: { wallTimeMs: 0 },
  droppedBytes: { stdout: 0, stderr: 0 },
};

const refused = (reason: string): GloveboxError<"SANDBOX_FAILED"> =>
  failed("start the program", `the sandbox takes no command: ${reason}`);

function failed(step: string, what: string, cause?: unknown): GloveboxError<"SANDBOX_FAILED"> {
  return new GloveboxError(
    "SANDBOX_FAILED",
    `${providerName}: ${what}. Create another sandbox.`,
    { provider: providerName, step },
    { cause },
  );
}
