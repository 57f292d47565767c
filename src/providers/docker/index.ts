/**
 * @module
 * Isolation by containers of a Docker daemon, or of one that speaks its API. The same launcher as the
 * linux provider's is pid 1 of each, so that commands, limits and ends are the same.
 */
import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import { silentPolicyOf } from "../../core/asking.ts";
import { madeHereFor, type ImageProgress } from "../../core/image.ts";
import type { PoolKind, Provider, ProviderSandbox } from "../../core/provider.ts";
import { refuseFilesBesideMount } from "../../core/program-files.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { sandboxFailed, sandboxOf } from "../../launcher/sandbox.ts";
import { connectDaemon, type Daemon } from "./connect-daemon.ts";
import { checkSpec, type ContainerSpec } from "./container-config.ts";
import { enforcementOf, refuseMissing } from "./enforcement.ts";
import { findEndpoint } from "./engine/endpoint.ts";
import { EngineError } from "./engine/errors.ts";
import { isStatus } from "./engine-status.ts";
import { fileMessages } from "./file-messages.ts";
import { imageNotFound } from "./images.ts";
import { DestroyBacklog } from "../../launcher/destroy-backlog.ts";
import { Pool } from "../../launcher/pool.ts";
import { probeDaemon } from "./probe.ts";
import { syncMessage, untilReady, type StartedContainer } from "./start-container.ts";
import { sweepContainers } from "./sweep.ts";

export type PullPolicy = "missing" | "never" | "always";

export interface DockerProviderOptions {
  /** `unix:///…`, `tcp://…`; undefined: `DOCKER_HOST`, docker's context, the usual sockets. */
  readonly host: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** By its name at the daemon: `runc`, `runsc`; undefined: the daemon's default. */
  readonly ociRuntime: string | undefined;
  /** Of sandboxes that name none. */
  readonly image: string;
  readonly pullPolicy: PullPolicy;
  /** Called with the progress of a pull that a `create` needs, or a first `probe`. */
  readonly onPull?: (image: string, progress: ImageProgress) => void;
  /** Containers kept ready, in all; 0: none. */
  readonly poolSize: number;
}

/** A container that nobody took in this time is let go; the launcher waits a little longer. */
const POOL_MAX_AGE_MS = 10 * 60_000;
const POOL_PARALLEL = 2;

/** Where an image says nothing: Docker's own. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** From a launcher's files to its word that it has them; one that was kept ready is otherwise passed over. */
const ANSWER_MS = 60_000;
const POOLED_ANSWER_MS = 3_000;

/** A sandbox before it has a program. */
type Prepared = StartedContainer & {
  readonly isAlive: () => boolean;
  readonly destroy: () => Promise<void>;
};

/** @throws {GloveboxError} `INVALID_CONFIG` for an address that can't be used. Connects with first use. */
export function createDockerProvider(options: DockerProviderOptions): Provider {
  const { host, env } = options;
  const daemon = connectDaemon(findEndpoint({ host, env, homeFolder: homedir() }), options);
  const backlog = new DestroyBacklog();
  const pool = new Pool<Prepared>({
    size: options.poolSize,
    maxAgeMs: POOL_MAX_AGE_MS,
    parallel: POOL_PARALLEL,
    backlog,
    make: (key, signal) => {
      const { image, ...spec } = parseKey(key);
      return prepare(daemon, spec, image, signal);
    },
  });

  /** Images that were fetched for the next sandbox of them. */
  const deployed = new Set<string>();

  async function create(spec: SandboxSpec, signal: AbortSignal): Promise<ProviderSandbox> {
    refuseUnservable(spec, daemon, signal);
    const { policy, limits } = spec;
    const image = spec.image ?? options.image;
    const isFetched = deployed.delete(image) || isMadeHere(image);
    if (options.pullPolicy === "always" && !isFetched) await pull(daemon, image, options, signal);
    const prepared =
      policy.workspace.kind === "scratch" && options.pullPolicy !== "always"
        ? pool.take(JSON.stringify({ image, policy, limits }))
        : undefined;
    if (prepared !== undefined) {
      try {
        return await equip(daemon, prepared, spec, signal, POOLED_ANSWER_MS);
      } catch {
        // Somebody may have ended or frozen it since; whatever it is, a new one shows.
        signal.throwIfAborted();
      }
    }
    const container = await prepareMissing(daemon, { policy, limits }, image, options, signal);
    return equip(daemon, container, spec, signal, ANSWER_MS);
  }

  return {
    name: "docker",
    programs: "image",
    images: daemon.images,
    probe: () => probeDaemon(daemon, options.ociRuntime),
    create: backlog.bound(counted(pool, create)),
    deploy: async (spec, _command, signal) => {
      refuseUnservable(spec, daemon, signal);
      const image = spec.image ?? options.image;
      if (await fetchAhead(daemon, image, options, signal)) deployed.add(image);
    },
    ...(options.poolSize > 0 && { poolStats: () => pool.stats(), poolKinds: () => kindsOf(pool) }),
    destroying: () => backlog.size,
    sweep: (signal) => sweepContainers(daemon.client, signal),
    close: async () => {
      await pool.close();
      await daemon.close();
    },
  };
}

const parseKey = (key: string) => JSON.parse(key) as ContainerSpec & { readonly image: string };

const kindsOf = (pool: Pool<Prepared>): readonly PoolKind[] =>
  pool.kinds((key) => parseKey(key).image);

/** The pool waits with new containers until none of these runs. */
function counted(pool: Pool<Prepared>, create: Provider["create"]): Provider["create"] {
  return async (spec, signal) => {
    const done = pool.begin();
    try {
      const sandbox = await create(spec, signal);
      const destroy = async (): Promise<void> => {
        await sandbox.destroy();
        done();
      };
      return { ...sandbox, destroy, [Symbol.asyncDispose]: destroy };
    } catch (error) {
      done();
      throw error;
    }
  };
}

async function prepare(
  daemon: Daemon,
  spec: ContainerSpec,
  image: string,
  signal: AbortSignal,
): Promise<Prepared> {
  const started = await daemon.start(spec, { image: { name: image } }, signal);
  const { launcher } = started;
  return {
    ...started,
    isAlive: () => launcher.failure() === undefined,
    destroy: () => launcher.end(),
  };
}

function refuseUnservable(spec: SandboxSpec, { endpoint }: Daemon, signal: AbortSignal): void {
  silentPolicyOf(spec, "docker");
  refuseFilesBesideMount(spec, "docker");
  signal.throwIfAborted();
  checkSpec(spec, endpoint);
}

/** @returns Whether it was fetched: as the pull policy has it, without a sandbox yet. */
async function fetchAhead(
  daemon: Daemon,
  image: string,
  options: DockerProviderOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { pullPolicy } = options;
  if (pullPolicy === "never" || isMadeHere(image)) return false;
  if (pullPolicy === "missing" && !(await isImageMissing(daemon, image, signal))) return false;
  await pull(daemon, image, options, signal);
  return true;
}

/** Prepares a container; pulls the image where it is missing and may be pulled. */
async function prepareMissing(
  daemon: Daemon,
  spec: ContainerSpec,
  image: string,
  options: DockerProviderOptions,
  signal: AbortSignal,
): Promise<Prepared> {
  try {
    return await prepare(daemon, spec, image, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!isStatus(error, 404)) throw asFailure(error);
    if (!(await isImageMissing(daemon, image, signal))) throw asFailure(error);
    if (isMadeHere(image)) throw imageNotFound(image, "and no registry has it", error);
    if (options.pullPolicy !== "missing") {
      throw imageNotFound(image, "the pull policy is to fetch none by itself", error);
    }
  }
  await pull(daemon, image, options, signal);
  try {
    return await prepare(daemon, spec, image, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw asFailure(error);
  }
}

/** Then no registry is asked, whatever the pull policy. */
const isMadeHere = (image: string): boolean => madeHereFor(image) !== undefined;

async function isImageMissing(daemon: Daemon, image: string, signal: AbortSignal) {
  return (await daemon.images.find(image, signal)) === undefined;
}

async function pull(
  { images }: Daemon,
  image: string,
  { onPull }: DockerProviderOptions,
  signal: AbortSignal,
): Promise<void> {
  await images.pull(image, (progress) => onPull?.(image, progress), signal);
}

/** Gives a prepared container what makes it this caller's sandbox. */
async function equip(
  daemon: Daemon,
  container: Prepared,
  spec: SandboxSpec,
  signal: AbortSignal,
  answerMs: number,
): Promise<ProviderSandbox> {
  const { launcher, counting, imageEnv, explainDeath, isStuck } = container;
  const abort = (): void => void launcher.end();
  const timer = setTimeout(abort, answerMs);
  signal.addEventListener("abort", abort, { once: true });
  try {
    const { info, ociRuntime } = await daemon.facts();
    const enforcement = enforcementOf(spec, info, ociRuntime.name, counting);
    if (spec.enforcement === "strict") refuseMissing(enforcement);
    for (const message of fileMessages(spec.files)) launcher.send(message);
    launcher.send(syncMessage);
    await untilReady(launcher);
    signal.throwIfAborted();
    const sandbox = sandboxOf({
      id: randomUUID(),
      provider: "docker",
      launcher,
      enforcement,
      cleanUp: () => Promise.resolve(),
      explainDeath,
      isStuck,
    });
    return {
      ...sandbox,
      exec: (command, execSignal) =>
        sandbox.exec(
          { ...command, env: { PATH: DEFAULT_PATH, ...imageEnv, ...command.env } },
          execSignal,
        ),
    };
  } catch (error) {
    await launcher.end();
    signal.throwIfAborted();
    throw asFailure(error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

function asFailure(error: unknown): unknown {
  return error instanceof EngineError
    ? sandboxFailed("docker", "create", error.message, error)
    : error;
}
