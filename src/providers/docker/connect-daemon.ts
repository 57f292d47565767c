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
import { ensureLauncher, type LauncherAtDaemon } from "./launcher-volume.ts";
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
  readonly launcher: LauncherAtDaemon;
}

export interface Daemon {
  readonly endpoint: Endpoint;
  readonly client: EngineClient;
  readonly images: ImageStore;
  /** @throws {GloveboxError} `PROVIDER_UNAVAILABLE` for a runtime that the daemon does not have, too. */
  facts(): Promise<DaemonFacts>;
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

export function connectDaemon(
  endpoint: Endpoint,
  { ociRuntime: wanted }: { readonly ociRuntime: string | undefined },
): Daemon {
  const client = createEngineClient(endpoint);
  const remover = createRemover(client);
  const { facts, forget } = remember(async () => {
    const info = await readInfo(client);
    const name = wanted ?? info.defaultOciRuntime;
    const ociRuntime = info.ociRuntimes.find((runtime) => runtime.name === name);
    if (ociRuntime === undefined) throw unknownRuntime(name, info);
    return { info, ociRuntime, launcher: await ensureLauncher(client, info.architecture) };
  });
  const enter = createGate(PARALLEL_STARTS);
  const startOnce: Daemon["start"] = async (spec, { image, ociRuntime }, signal) => {
    for (let isFirst = true; ; isFirst = false) {
      const known = facts();
      const { info, launcher, ociRuntime: usual } = await waitUnless(signal, known);
      const name = image === "launcher" ? launcher.image : image.name;
      try {
        const options = {
          ...{ client, remover, info, launcherVolume: launcher.volume },
          image: await readImage(client, name, signal),
          ociRuntime: ociRuntime ?? usual,
        };
        const started = await startContainer(spec, options, signal);
        void remover.removeLost();
        return started;
      } catch (error) {
        const isImageGone = image === "launcher" && isStatus(error, 404);
        if (!isFirst || !(isImageGone || isLauncherGone(error))) throw error;
        forget(known);
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
    facts,
    start,
    close: async () => {
      await remover.removeLost();
      client.close();
    },
  };
}

/** Asks once; after a failure, or where the answer no longer holds, once more. */
function remember<T>(ask: () => Promise<T>) {
  let known: Promise<T> | undefined;
  const forget = (stale: Promise<T>): void => {
    if (known === stale) known = undefined;
  };
  const facts = (): Promise<T> => {
    if (known !== undefined) return known;
    const asked = ask();
    known = asked;
    asked.catch(() => {
      forget(asked);
    });
    return asked;
  };
  return { facts, forget };
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
