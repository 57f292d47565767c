/**
 * @module
 * The images of a daemon.
 */
import { createTar } from "nanotar";
import { GloveboxError } from "../../core/errors.ts";
import {
  makeCommand,
  refuseMadeHere,
  type ImageDescription,
  type ImageProgress,
  type ImageStore,
  type StoredImage,
} from "../../core/image.ts";
import type { EngineClient } from "./engine/client.ts";
import { EngineError } from "./engine/errors.ts";
import { isStatus } from "./engine-status.ts";
import { checkImageName, imagePath, readImage } from "./image-config.ts";
import { label } from "./owner.ts";

/** Of a step's text and of a reason: a build prints what its programs print, a registry what it likes. */
const MAX_TEXT_CHARACTERS = 1000;

export function imagesOf(client: EngineClient): ImageStore {
  return {
    find: (name, signal) => findImage(client, name, signal),
    describe: (name, signal) => describeImage(client, name, signal),
    pull: async (name, onProgress, signal) => {
      checkImageName(name);
      refuseMadeHere(name, "docker");
      const query = { fromImage: name, ...(hasVersion(name) ? {} : { tag: "latest" }) };
      try {
        const steps = client.stream("POST", "/images/create", { query, signal });
        for await (const step of steps) onProgress(progressOf(step));
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        throw pullFailed(name, error);
      }
    },
    build: async (name, dockerfile, onProgress, signal) => {
      checkImageName(name);
      const body = Buffer.from(createTar([{ name: "Dockerfile", data: dockerfile }]));
      const query = { t: name, forcerm: true, labels: JSON.stringify({ [label]: "image" }) };
      try {
        const steps = client.stream("POST", "/build", { query, body, signal });
        for await (const step of steps) onProgress(progressOf(step));
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        throw new GloveboxError(
          "SANDBOX_FAILED",
          `docker: the image \`${name}\` could not be built: ${reasonOf(error)}`,
          { provider: "docker", step: "build an image" },
          { cause: error },
        );
      }
    },
    remove: async (name, signal) => {
      try {
        await client.request("DELETE", imagePath(name), { signal });
        return true;
      } catch (error) {
        if (isStatus(error, 404)) return false;
        if (!isStatus(error, 409)) throw error;
        throw new GloveboxError(
          "SANDBOX_FAILED",
          `docker: the image \`${name}\` can't be removed: ${error.message}`,
          { provider: "docker", step: "remove an image" },
          { cause: error },
        );
      }
    },
  };
}

async function findImage(
  client: EngineClient,
  name: string,
  signal: AbortSignal,
): Promise<StoredImage | undefined> {
  try {
    const image = (await client.request("GET", `${imagePath(name)}/json`, { signal })) as {
      readonly Id: string;
      readonly Size: number;
    };
    return { name, id: image.Id, sizeBytes: image.Size };
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

async function describeImage(
  client: EngineClient,
  name: string,
  signal: AbortSignal,
): Promise<ImageDescription | undefined> {
  try {
    const { command, labels } = await readImage(client, name, signal);
    return { command, labels };
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Whether a name ends in a tag or a digest; a registry's port is neither. */
function hasVersion(name: string): boolean {
  return /[:@][^/]+$/.test(name);
}

function progressOf(step: object): ImageProgress {
  const { status, stream, id, progressDetail } = step as {
    readonly status?: string;
    readonly stream?: string;
    readonly id?: string;
    readonly progressDetail?: { readonly current?: number; readonly total?: number };
  };
  const { current, total } = progressDetail ?? {};
  return {
    text: (status ?? stream ?? "").trim().slice(0, MAX_TEXT_CHARACTERS),
    ...(id === undefined ? {} : { layer: id }),
    ...(current === undefined || total === undefined
      ? {}
      : { doneBytes: current, totalBytes: total }),
  };
}

function pullFailed(image: string, cause: EngineError): GloveboxError {
  const message = `docker: the image \`${image}\` could not be pulled: ${reasonOf(cause)}`;
  if (isUnknownToRegistry(cause)) {
    const hint = `Check its name and tag; where its registry wants a login: docker pull ${image}`;
    return new GloveboxError("IMAGE_NOT_FOUND", `${message}. ${hint}`, { image, hint }, { cause });
  }
  return new GloveboxError(
    "SANDBOX_FAILED",
    `${message}. Check the name of its registry, and the daemon's way to it.`,
    { provider: "docker", step: "pull an image" },
    { cause },
  );
}

/**
 * Whether a registry answered that it has no such image. Docker tells by its status, as long as it has
 * not begun to tell of progress; other engines and image stores only in words.
 */
function isUnknownToRegistry(error: EngineError): boolean {
  if (isStatus(error, 404)) return true;
  return /manifest unknown|name unknown|does not exist|: not found$/i.test(reasonOf(error));
}

/** The engine's words, without the full stop that ours have. */
function reasonOf({ message }: EngineError): string {
  return message.trim().slice(0, MAX_TEXT_CHARACTERS).replace(/\.$/, "");
}

/** The error for an image that is not at the daemon, and that nobody tried to pull. */
export function imageNotFound(
  image: string,
  why: string,
  cause?: unknown,
): GloveboxError<"IMAGE_NOT_FOUND"> {
  const hint = makeCommand(image, "docker") ?? `glovebox images pull ${image}`;
  return new GloveboxError(
    "IMAGE_NOT_FOUND",
    `docker: the image \`${image}\` is not on this host, ${why}. Get it: ${hint}`,
    { image, hint },
    { cause },
  );
}
