/**
 * @module
 * From a specification to a running container whose launcher is ready, without the program's files.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod/mini";
import type { OutcomeLimit } from "../../core/outcome.ts";
import type { Launcher } from "../../launcher/launcher.ts";
import { encodeMessage } from "../../launcher/message.ts";
import { sandboxFailed } from "../../launcher/sandbox.ts";
import { ask } from "./answer.ts";
import {
  containerConfig,
  inodesFor,
  scratchFolders,
  launcherPath,
  type ContainerSpec,
} from "./container-config.ts";
import { containerUser } from "./container-user.ts";
import { connectLauncher } from "./container-launcher.ts";
import type { DaemonInfo, OciRuntime } from "./daemon.ts";
import type { Counting } from "./enforcement.ts";
import type { EngineClient } from "./engine/client.ts";
import { EngineError } from "./engine/errors.ts";
import { waitUnless } from "./engine/exchange.ts";
import { ensureNetwork } from "./network.ts";
import { isStatus } from "./engine-status.ts";
import { withoutWishes, type ImageConfig } from "./image-config.ts";
import type { Remover } from "./remove-container.ts";

/** From the start of a container to its launcher's word; a busy machine needs a second or two. */
const START_TIMEOUT_MS = 60_000;

/** What a daemon gets that shall stop in the middle of making a container. */
const CREATE_GRACE_MS = 10_000;

/** What an event gets to come after the end of a container, and all of the daemon's answer. */
const EVENT_DELAY_MS = 1_000;
const EXPLAIN_TIMEOUT_MS = 5_000;

export interface StartOptions {
  readonly client: EngineClient;
  readonly remover: Remover;
  readonly image: ImageConfig;
  readonly info: DaemonInfo;
  readonly launcherVolume: string;
  readonly ociRuntime: OciRuntime;
}

export interface StartedContainer {
  readonly id: string;
  readonly launcher: Launcher;
  readonly counting: Counting;
  /** The image's variables, which are part of what makes its programs work. */
  readonly imageEnv: Readonly<Record<string, string>>;
  /** See `SandboxParts.explainDeath` and `isStuck`. */
  readonly explainDeath: () => Promise<OutcomeLimit | undefined>;
  readonly isStuck: () => Promise<boolean>;
}

/**
 * @throws {EngineError} As the daemon refuses; 404 where it lacks the image.
 * @throws {GloveboxError} `SANDBOX_FAILED`, `PROVIDER_UNAVAILABLE`. Nothing is left.
 */
export async function startContainer(
  spec: ContainerSpec,
  options: StartOptions,
  signal: AbortSignal,
): Promise<StartedContainer> {
  const { client, remover, image } = options;
  const user = await containerUser(spec, options.info);
  const sinceSeconds = Math.floor(Date.now() / 1000);
  const network =
    spec.policy.network.mode === "none"
      ? "none"
      : await ensureNetwork(client, options.info, signal);
  const config = containerConfig(spec, { ...options, image: image.id, user, network });
  const id = await createContainer(withoutWishes(config, image), options, signal);
  const token = randomBytes(16).toString("hex");
  let launcher: Launcher | undefined;
  const end = (): void => void launcher?.end();
  const timer = setTimeout(end, START_TIMEOUT_MS);
  signal.addEventListener("abort", end, { once: true });
  try {
    const connection = await client.hijack(
      `/containers/${id}/attach`,
      { stream: true, stdin: true, stdout: true, stderr: true },
      signal,
    );
    launcher = connectLauncher(connection, token, () => remover.remove(id));
    await client.request("POST", `/containers/${id}/start`, { signal });
    launcher.send(createMessage(spec, token));
    launcher.send(syncMessage);
    const counting = await untilReady(launcher);
    signal.throwIfAborted();
    return {
      id,
      launcher,
      counting,
      imageEnv: image.env,
      explainDeath: () => explainDeath(client, id, sinceSeconds, options.ociRuntime),
      isStuck: () => isStuck(client, id),
    };
  } catch (error) {
    if (launcher === undefined) await remover.remove(id);
    else await launcher.end();
    signal.throwIfAborted();
    throw startFailure(error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}

const createdSchema = z.object({ Id: z.string() });

/** An abort waits for the daemon, which ends what it has begun, and would leave it. */
async function createContainer(
  config: object,
  { client, remover }: StartOptions,
  signal: AbortSignal,
): Promise<string> {
  // With a name of ours it can be removed even if the answer is lost.
  const name = `glovebox-${randomUUID()}`;
  const call = ["POST", "/containers/create"] as const;
  const creating = ask(client, createdSchema, call, { query: { name }, body: config });
  try {
    return (await waitUnless(signal, creating)).Id;
  } catch (error) {
    if (error instanceof EngineError) throw error;
    const gone = creating.then(
      () => remover.remove(name),
      (why: unknown) => (why instanceof EngineError ? undefined : remover.removeUnanswered(name)),
    );
    await Promise.race([gone, sleep(CREATE_GRACE_MS, undefined, { ref: false })]);
    throw error;
  }
}

/** The message is the launcher's `create`, see native/launcher/README.md. */
function createMessage({ limits, policy }: ContainerSpec, token: string): Buffer {
  const isHostFolderWritable =
    policy.workspace.kind === "mount" && policy.workspace.access === "rw";
  return encodeMessage([
    ["create", ""],
    ["token", token],
    ["memory-bytes", limits.memoryBytes],
    ["processes", limits.processes],
    ["disk-bytes", limits.diskBytes],
    ["disk-inodes", inodesFor(limits.diskBytes)],
    ["open-files", limits.openFiles],
    ...scratchFolders(policy).map(([path, mode]) => ["writable", [path, mode]] as const),
    ...(isHostFolderWritable ? [["file-size-bytes", limits.diskBytes] as const] : []),
  ]);
}

/** Answered with `ready` once all before it was done. */
export const syncMessage = encodeMessage([["sync", ""]]);

/** @throws {GloveboxError} `SANDBOX_FAILED` */
export async function untilReady(launcher: Launcher): Promise<Counting> {
  let counting: Counting = "sampled";
  for (;;) {
    const line = await launcher.nextStatus();
    if (line === undefined || line.kind === "error") {
      throw sandboxFailed("docker", "create", line?.text ?? launcher.failure() ?? "no answer");
    }
    if (line.kind === "ready") return counting;
    if (line.kind === "control" && line.by === "cgroup") counting = "cgroup";
  }
}

/** Why gVisor's own kernel ended, by its exit code: SIGKILL, and Go's when the host gives no thread. */
const gvisorEnds: Readonly<Record<string, OutcomeLimit>> = { "137": "memory", "2": "processes" };

const eventSchema = z.object({
  Action: z.string(),
  Actor: z.object({ Attributes: z._default(z.record(z.string(), z.string()), {}) }),
});

/**
 * gVisor's whole sandbox ends when it needs more memory than it may; the daemon tells why. That may
 * come after the end of the container's streams: the daemon is listened to a little longer. If it all
 * went at once the daemon may have missed the reason: then a SIGKILL that did not come through the
 * daemon was the kernel's.
 */
async function explainDeath(
  client: EngineClient,
  id: string,
  sinceSeconds: number,
  { isGvisor }: OciRuntime,
): Promise<OutcomeLimit | undefined> {
  const filters = JSON.stringify({ container: [id], event: ["oom", "die", "kill"] });
  const until = Math.ceil((Date.now() + EVENT_DELAY_MS) / 1000);
  const query = { since: sinceSeconds, until, filters };
  const signal = AbortSignal.timeout(EXPLAIN_TIMEOUT_MS);
  let exitCode: string | undefined;
  let wasKilled = false;
  try {
    for await (const event of client.stream("GET", "/events", { query, signal })) {
      const { Action: action, Actor: actor } = eventSchema.parse(event);
      if (action === "oom") return "memory";
      if (action === "kill") wasKilled = true;
      if (action === "die") exitCode = actor.Attributes["exitCode"];
    }
  } catch {
    // A daemon that can't be asked is itself the reason.
  }
  if (!isGvisor || wasKilled) return undefined;
  return exitCode === undefined ? undefined : gvisorEnds[exitCode];
}

const stateSchema = z.object({
  State: z.object({ Running: z.boolean(), Paused: z.boolean() }),
});

/** Gone, stopped or paused by somebody else; a daemon that gives no answer counts as well. */
async function isStuck(client: EngineClient, id: string): Promise<boolean> {
  try {
    const call = ["GET", `/containers/${id}/json`] as const;
    const { State } = await ask(client, stateSchema, call, { timeoutMs: 5_000 });
    return !State.Running || State.Paused;
  } catch {
    return true;
  }
}

function startFailure(error: unknown): unknown {
  if (!(error instanceof EngineError) || isStatus(error, 404)) return error;
  return sandboxFailed("docker", "start", error.message, error);
}

/** Whether a start failed because what should be in the launcher's volume is gone. */
export function isLauncherGone(error: unknown): boolean {
  const cause = error instanceof EngineError ? error : (error as { cause?: unknown }).cause;
  if (!(cause instanceof EngineError)) return false;
  return cause.message.includes(launcherPath) && /no such file|not found/i.test(cause.message);
}
