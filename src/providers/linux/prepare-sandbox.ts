/**
 * @module
 * Sandboxes that are built before it is known what will run in them, and commands that are started in
 * them and wait for their program.
 */
import { randomUUID } from "node:crypto";
import type { ProviderSandbox } from "../../core/provider.ts";
import { workspacePath, type SandboxFile, type SandboxSpec } from "../../core/sandbox.ts";
import type { Launcher } from "../../launcher/launcher.ts";
import { encodeMessage, type Records } from "../../launcher/message.ts";
import { sandboxOf } from "../../launcher/sandbox.ts";
import { enforcementOf } from "./enforcement.ts";
import type { Kind } from "./kinds.ts";
import { asOwnProcess, parkRecords } from "./park-records.ts";
import {
  buildSandbox,
  inTime,
  launcherFailed,
  refuseMissing,
  type BuiltSandbox,
  type LinuxHost,
} from "./start-sandbox.ts";
import type { Template, Templates } from "./templates.ts";

/** Files up to this go with the command; more go before it, in pieces. */
const MAX_BYTES_IN_MESSAGE = 1 << 20;
const PIECE_BYTES = 1 << 20;

/** A sandbox that waits for its only use. */
export interface PreparedSandbox extends Pick<ProviderSandbox, "destroy"> {
  /** False once it has ended by itself, as when its launcher was killed. */
  isAlive(): boolean;
  /** About. */
  readonly memoryBytes: number;
  /**
   * Puts files into its workspace. Where it was prepared with a command, the first `exec` of the result
   * must be of that one. Called once.
   */
  begin(files: readonly SandboxFile[]): ProviderSandbox;
}

/** Our own processes in a sandbox, and its file systems: measured. */
const SANDBOX_BYTES = 1 << 20;

/** What one is prepared from. */
export interface Preparation {
  readonly kind: Kind;
  /** The launcher's records for all that it sees, encoded. */
  readonly fileSystem: Buffer;
  /** Nobody waits for it, or for the time that it takes: it may be made ready for more. */
  readonly isSpare: boolean;
}

/**
 * @param templates Where the command may be a fork of one.
 * @throws {GloveboxError} See `Provider.create`.
 */
export async function prepareSandbox(
  host: LinuxHost,
  templates: Templates,
  preparation: Preparation,
  signal: AbortSignal,
): Promise<PreparedSandbox> {
  const { kind, fileSystem } = preparation;
  const { spec, ahead } = kind;
  refuseMissing(spec, enforcementOf(spec, host.place, "landlock"));
  const template = ahead?.park.mode === "fork" ? await templates.get(kind, fileSystem) : undefined;
  try {
    return await prepareIn(host, preparation, template, signal);
  } finally {
    template?.release();
  }
}

async function prepareIn(
  host: LinuxHost,
  { kind: { spec, ahead: wanted }, fileSystem, isSpare }: Preparation,
  template: Template | undefined,
  signal: AbortSignal,
): Promise<PreparedSandbox> {
  const forkLauncher = template?.startFork();
  const ahead = forkLauncher === undefined ? asOwnProcess(wanted) : wanted;
  const launcher = forkLauncher ?? host.launchers.start();
  const next = ahead && encodeMessage(parkRecords("park", ahead, { template, isSpare }));
  const plan = { spec, fileSystem, ...(next === undefined ? {} : { next }) };
  const built = await buildSandbox(host, launcher, plan, signal);
  try {
    const parkedBytes =
      ahead === undefined ? 0 : await inTime(launcher, untilParked(launcher), signal);
    const memoryBytes = SANDBOX_BYTES + parkedBytes;
    return prepared(host, spec, built, { isParked: ahead !== undefined, memoryBytes });
  } catch (error) {
    await launcher.end();
    await built.cleanUp();
    signal.throwIfAborted();
    throw error;
  }
}

/** @returns What the program holds. */
async function untilParked(launcher: Launcher): Promise<number> {
  const line = await launcher.nextStatus();
  if (line?.kind === "parked") return line.memoryBytes;
  const text = line?.kind === "error" ? line.text : launcher.failure();
  throw launcherFailed(text ?? "the sandbox ended while its program was started ahead");
}

function prepared(
  { place }: LinuxHost,
  spec: SandboxSpec,
  { launcher, abstractSockets, cleanUp }: BuiltSandbox,
  { isParked, memoryBytes }: { readonly isParked: boolean; readonly memoryBytes: number },
): PreparedSandbox {
  const id = randomUUID();
  const destroy = async (): Promise<void> => {
    await launcher.end();
    await cleanUp();
  };
  const begin = (files: readonly SandboxFile[]): ProviderSandbox => {
    const enforcement = enforcementOf(spec, place, abstractSockets);
    const records = [...(isParked ? [["parked", ""] as const] : []), ...sendFiles(launcher, files)];
    return sandboxOf({
      id,
      provider: "linux",
      launcher,
      enforcement,
      first: { records, isParked },
      opensHostPipes: true,
      cleanUp,
    });
  };
  return { memoryBytes, destroy, begin, isAlive: () => launcher.isAlive?.() ?? true };
}

/** Sends what is too large for the first command's message; the records for that. */
function sendFiles(launcher: Launcher, files: readonly SandboxFile[]): Records {
  let leftBytes = MAX_BYTES_IN_MESSAGE;
  return files.flatMap((file): Records => {
    const path = `${workspacePath}/${file.path}`;
    const mode = file.executable === true ? "0755" : "0644";
    const { content } = file;
    leftBytes -= content.length;
    if (leftBytes >= 0) return [["file", [path, mode, content]]];
    leftBytes += content.length;
    for (let at = 0; at === 0 || at < content.length; at += PIECE_BYTES) {
      const piece = content.subarray(at, at + PIECE_BYTES);
      launcher.send(encodeMessage([[at === 0 ? "file" : "file-more", [path, mode, piece]]]));
    }
    return [];
  });
}
