/**
 * @module
 * From a specification to a running container whose launcher is ready, without the program's files.
 */
import { randomUUID } from "node:crypto";
import type { OutcomeLimit } from "../../core/outcome.ts";
import type { Launcher } from "../../launcher/launcher.ts";
import { encodeMessage } from "../../launcher/message.ts";
import { sandboxFailed } from "../../launcher/sandbox.ts";
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
import { isStatus } from "./engine-status.ts";
import { removeContainer } from "./remove-container.ts";

/** From the start of a container to its launcher's word; a busy machine needs a second or two. */
const START_TIMEOUT_MS = 60_000;

export interface StartOptions {
  readonly client: EngineClient;
  readonly image: string;
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
  const { client } = options;
  const user = await containerUser(spec, options.info);
  const sinceSeconds = Math.floor(Date.now() / 1000);
  const id = await createContainer(containerConfig(spec, { ...options, user }), options, signal);
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
    launcher = connectLauncher(connection, () => removeContainer(client, id));
    await client.request("POST", `/containers/${id}/start`, { signal });
    launcher.send(createMessage(spec));
    launcher.send(syncMessage);
    const [counting, imageEnv] = await Promise.all([
      untilReady(launcher),
      readEnvironment(client, id, signal),
    ]);
    signal.throwIfAborted();
    return {
      id,
      launcher,
      counting,
      imageEnv,
      explainDeath: () => explainDeath(client, id, sinceSeconds),
      isStuck: () => isStuck(client, id),
    };
  } catch (error) {
    if (launcher === undefined) await removeContainer(client, id);
    else await launcher.end();
    signal.throwIfAborted();
    throw startFailure(error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}

async function createContainer(
  config: object,
  { client }: StartOptions,
  signal: AbortSignal,
): Promise<string> {
  // With a name of ours it can be removed even if the answer is lost.
  const name = `glovebox-${randomUUID()}`;
  try {
    const created = (await client.request("POST", "/containers/create", {
      query: { name },
      body: config,
      signal,
    })) as { readonly Id: string };
    return created.Id;
  } catch (error) {
    if (!(error instanceof EngineError)) await removeContainer(client, name);
    throw error;
  }
}

/** The message is the launcher's `create`, see native/launcher/README.md. */
function createMessage({ limits, policy }: ContainerSpec): Buffer {
  const isHostFolderWritable =
    policy.workspace.kind === "mount" && policy.workspace.access === "rw";
  return encodeMessage([
    ["create", ""],
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

async function readEnvironment(
  client: EngineClient,
  id: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const { Config } = (await client.request("GET", `/containers/${id}/json`, { signal })) as {
    readonly Config: { readonly Env?: readonly string[] | null };
  };
  return Object.fromEntries(
    (Config.Env ?? []).map((variable) => {
      const at = variable.indexOf("=");
      return [variable.slice(0, at), variable.slice(at + 1)];
    }),
  );
}

/** gVisor's whole sandbox ends when it needs more memory than it may; the daemon tells why. */
async function explainDeath(
  client: EngineClient,
  id: string,
  sinceSeconds: number,
): Promise<OutcomeLimit | undefined> {
  const filters = JSON.stringify({ container: [id], event: ["oom"] });
  const query = { since: sinceSeconds, until: Math.floor(Date.now() / 1000) + 1, filters };
  try {
    for await (const event of client.stream("GET", "/events", { query, timeoutMs: 5_000 })) {
      void event;
      return "memory";
    }
  } catch {
    // A daemon that can't be asked is itself the reason.
  }
  return undefined;
}

/** Gone, stopped or paused by somebody else; a daemon that gives no answer counts as well. */
async function isStuck(client: EngineClient, id: string): Promise<boolean> {
  try {
    const { State } = (await client.request("GET", `/containers/${id}/json`, {
      timeoutMs: 5_000,
    })) as { readonly State: { readonly Running: boolean; readonly Paused: boolean } };
    return !State.Running || State.Paused;
  } catch {
    return true;
  }
}

function startFailure(error: unknown): unknown {
  if (!(error instanceof EngineError) || isStatus(error, 404)) return error;
  const text = error.message.includes(launcherPath)
    ? `the launcher can't be started in this image: ${error.message}`
    : error.message;
  return sandboxFailed("docker", "start", text, error);
}
