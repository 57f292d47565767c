/**
 * @module
 * One daemon: its connection, and what is asked of it once.
 */
import { GloveboxError } from "../../core/errors.ts";
import type { ImageStore } from "../../core/image.ts";
import { readInfo, type DaemonInfo, type OciRuntime } from "./daemon.ts";
import { createEngineClient, type EngineClient } from "./engine/client.ts";
import type { Endpoint } from "./engine/endpoint.ts";
import { imagesOf } from "./images.ts";
import { ensureLauncher, type LauncherAtDaemon } from "./launcher-volume.ts";
import type { StartOptions } from "./start-container.ts";

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
  startOptions(image: string): Promise<StartOptions>;
  /** What is remembered of the daemon is asked for anew: it may have been replaced. */
  forget(): void;
}

export function connectDaemon(
  endpoint: Endpoint,
  { ociRuntime: wanted }: { readonly ociRuntime: string | undefined },
): Daemon {
  const client = createEngineClient(endpoint);
  let known: Promise<DaemonFacts> | undefined;
  const ask = async (): Promise<DaemonFacts> => {
    try {
      const info = await readInfo(client);
      const name = wanted ?? info.defaultOciRuntime;
      const ociRuntime = info.ociRuntimes.find((runtime) => runtime.name === name);
      if (ociRuntime === undefined) throw unknownRuntime(name, info);
      return { info, ociRuntime, launcher: await ensureLauncher(client, info.architecture) };
    } catch (error) {
      known = undefined;
      throw error;
    }
  };
  const facts = (): Promise<DaemonFacts> => (known ??= ask());
  return {
    endpoint,
    client,
    images: imagesOf(client),
    facts,
    startOptions: async (image) => {
      const { info, launcher, ociRuntime } = await facts();
      return { client, image, info, launcherVolume: launcher.volume, ociRuntime };
    },
    forget: () => {
      known = undefined;
    },
  };
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
