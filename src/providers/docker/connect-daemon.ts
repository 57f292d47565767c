/**
 * @module
 * One daemon: its connection, and what is asked of it once.
 */
import type { ContainerSpec } from "./container-config.ts";
import { GloveboxError } from "../../core/errors.ts";
import type { ImageStore } from "../../core/image.ts";
import { readInfo, type DaemonInfo, type OciRuntime } from "./daemon.ts";
import { createEngineClient, type EngineClient } from "./engine/client.ts";
import type { Endpoint } from "./engine/endpoint.ts";
import { waitUnless } from "./engine/exchange.ts";
import { isStatus } from "./engine-status.ts";
import { createGate } from "./gate.ts";
import { readImage } from "./image-config.ts";
import { imagesOf } from "./images.ts";
import type { OnPull } from "./launcher-image.ts";
import { canUseOwnLauncher, ensureLauncher, type LauncherAtDaemon } from "./launcher-volume.ts";
import { createRemover } from "./remove-container.ts";
import { isLauncherGone, startContainer, type StartedContainer } from "./start-container.ts";

/**
 * Starts at the same time. A daemon makes no more containers in a second for being asked for a hundred
 * at once, but then finishes the first when it finishes the last.
 */
const PARALLEL_STARTS = 8;

export interface DaemonFacts {
  readonly info: DaemonInfo;
  /** The OCI runtime of sandboxes. */
  readonly ociRuntime: OciRuntime;
  /** Whether this machine's own launcher runs there; else the daemon has to compile one, once. */
  readonly canUseOwnLauncher: boolean;
}

export interface Daemon {
  readonly endpoint: Endpoint;
  readonly client: EngineClient;
  readonly images: ImageStore;
  /** @throws {GloveboxError} `PROVIDER_UNAVAILABLE` for a runtime that the daemon does not have, too. */
  facts(): Promise<DaemonFacts>;
  /**
   * The launcher there; brings it where it is missing.
   *
   * @throws See `ensureLauncher`.
   */
  launcher(): Promise<LauncherAtDaemon>;
  /**
   * Starts a container; brings the launcher once more where somebody has taken it away.
   *
   * @throws See `startContainer`.
   */
  start(spec: ContainerSpec, choice: Choice, signal: AbortSignal): Promise<StartedContainer>;
  /** Ends the connections, and tries once more to remove what it could not. Does not throw. */
  close(): Promise<void>;
}

export interface Choice {
  readonly image: { readonly name: string } | "launcher";
  /** Undefined: that of `facts`. */
  readonly ociRuntime?: OciRuntime;
}

export interface DaemonOptions {
  /** The OCI runtime's name; undefined: the daemon's default. */
  readonly ociRuntime: string | undefined;
  /** Called with the progress of a pull that the launcher needs. */
  readonly onPull?: OnPull;
}

/** @param canUseOwn Whether this machine's own launcher runs at a daemon of this architecture. */
export function connectDaemon(
  endpoint: Endpoint,
  options: DaemonOptions,
  canUseOwn: (architecture: string) => boolean = canUseOwnLauncher,
): Daemon {
  const client = createEngineClient(endpoint);
  const remover = createRemover(client);
  const { facts, launcher } = askDaemon(client, options, canUseOwn);
  const enter = createGate(PARALLEL_STARTS);
  const startOnce: Daemon["start"] = async (spec, { image, ociRuntime }, signal) => {
    for (let isFirst = true; ; isFirst = false) {
      const known = { facts: facts.get(), launcher: launcher.get() };
      const { info, ociRuntime: usual } = await waitUnless(signal, known.facts);
      const { image: launcherImage, volume } = await waitUnless(signal, known.launcher);
      const name = image === "launcher" ? launcherImage : image.name;
      try {
        const startOptions = {
          ...{ client, remover, info, launcherVolume: volume },
          image: await readImage(client, name, signal),
          ociRuntime: ociRuntime ?? usual,
        };
        const started = await startContainer(spec, startOptions, signal);
        void remover.removeLost();
        return started;
      } catch (error) {
        const isImageGone = image === "launcher" && isStatus(error, 404);
        if (!isFirst || !(isImageGone || isLauncherGone(error))) throw error;
        facts.forget(known.facts);
        launcher.forget(known.launcher);
      }
    }
  };
  const start: Daemon["start"] = async (spec, choice, signal) => {
    const leave = await enter(signal);
    try {
      return await startOnce(spec, choice, signal);
    } finally {
      leave();
    }
  };
  return {
    endpoint,
    client,
    images: imagesOf(client),
    facts: facts.get,
    launcher: launcher.get,
    start,
    close: async () => {
      await remover.removeLost(Infinity);
      client.close();
    },
  };
}

/** What is asked of a daemon, or done at it, once. */
function askDaemon(
  client: EngineClient,
  { ociRuntime: wanted, onPull }: DaemonOptions,
  canUseOwn: (architecture: string) => boolean,
) {
  const facts = remember(async (): Promise<DaemonFacts> => {
    const info = await readInfo(client);
    const name = wanted ?? info.defaultOciRuntime;
    const ociRuntime = info.ociRuntimes.find((runtime) => runtime.name === name);
    if (ociRuntime === undefined) throw unknownRuntime(name, info);
    return { info, ociRuntime, canUseOwnLauncher: canUseOwn(info.architecture) };
  });
  const launcher = remember(async () => {
    const { info, ociRuntime, canUseOwnLauncher: canUse } = await facts.get();
    return ensureLauncher(client, info, { ociRuntime, canUseOwn: canUse, onPull });
  });
  return { facts, launcher };
}

/** Asks once; after a failure, or where the answer no longer holds, once more. */
function remember<T>(ask: () => Promise<T>) {
  let known: Promise<T> | undefined;
  const forget = (stale: Promise<T>): void => {
    if (known === stale) known = undefined;
  };
  const get = (): Promise<T> => {
    if (known !== undefined) return known;
    const asked = ask();
    known = asked;
    asked.catch(() => {
      forget(asked);
    });
    return asked;
  };
  return { get, forget };
}

function unknownRuntime(
  name: string,
  { ociRuntimes }: DaemonInfo,
): GloveboxError<"PROVIDER_UNAVAILABLE"> {
  const names = ociRuntimes.map((each) => `\`${each.name}\``).join(", ");
  const hint = `use one of ${names}, or add it to the daemon's \`runtimes\``;
  return new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `docker: the daemon has no OCI runtime \`${name}\`: ${hint}.`,
    { provider: "docker", hint },
  );
}
