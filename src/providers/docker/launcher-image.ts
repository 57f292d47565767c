/**
 * @module
 * Makes an image with nothing but the launcher in it: from this machine's own, or from its sources, by
 * a compiler at the daemon.
 */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createTar } from "nanotar";
import * as z from "zod/mini";
import { GloveboxError, isGloveboxError } from "../../core/errors.ts";
import type { ImageProgress } from "../../core/image.ts";
import { packageFolder } from "../../util/package-folder.ts";
import { oddAnswer } from "./answer.ts";
import { launcherPath } from "./container-config.ts";
import type { CallOptions, EngineClient } from "./engine/client.ts";
import { imagesOf } from "./images.ts";
import { label } from "./owner.ts";

/** Called with the progress of a pull. */
export type OnPull = (image: string, progress: ImageProgress) => void;

/** Compiles the launcher where this machine can't make one for the daemon's. */
const COMPILER_IMAGE = "gcc:14";
/** With the pull of that image. */
const BUILD_TIMEOUT_MS = 10 * 60_000;
const IMPORT_TIMEOUT_MS = 60_000;

/**
 * @returns Its id; it has no name.
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE`
 */
export async function importImage(client: EngineClient, content: Buffer): Promise<string> {
  const tar = createTar([
    { name: launcherPath.slice(1), data: content, attrs: { mode: "755", uid: 0, gid: 0 } },
  ]);
  const query = { fromSrc: "-", changes: `LABEL ${label}=launcher` };
  try {
    const options = { query, body: Buffer.from(tar), ...within(IMPORT_TIMEOUT_MS) };
    return await idIn(client, "/images/create", options);
  } catch (error) {
    if (isGloveboxError(error)) throw error;
    const hint = "look at the daemon's log";
    throw unavailable("could not be given to the daemon", error, `To mend it: ${hint}`, hint);
  }
}

/**
 * For a daemon on another kind of machine, such as the one that Docker Desktop runs in.
 *
 * @returns Its id; it has no name.
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE`
 */
export async function buildImage(
  client: EngineClient,
  onPull: OnPull | undefined,
): Promise<string> {
  const query = { forcerm: true, labels: JSON.stringify({ [label]: "launcher" }) };
  const bounds = within(BUILD_TIMEOUT_MS);
  try {
    // The build would pull it, too, but in one piece and without a word.
    const images = imagesOf(client);
    if ((await images.find(COMPILER_IMAGE, bounds.signal)) === undefined) {
      await images.pull(
        COMPILER_IMAGE,
        (progress) => onPull?.(COMPILER_IMAGE, progress),
        bounds.signal,
      );
    }
    return await idIn(client, "/build", { query, body: await launcherSources(), ...bounds });
  } catch (error) {
    const hint = `docker pull ${COMPILER_IMAGE}`;
    const advice = `It is compiled in the image \`${COMPILER_IMAGE}\`; try \`${hint}\``;
    throw unavailable("could not be compiled for the daemon's machine", error, advice, hint);
  }
}

/** The whole of a call has this time, not only the head of its answer. */
function within(timeoutMs: number) {
  return { signal: AbortSignal.timeout(timeoutMs), timeoutMs: Infinity };
}

/** What a step of progress may say of an image; builds print other things besides. */
const stepSchema = z.object({
  status: z.optional(z.string()),
  aux: z.optional(z.object({ ID: z.optional(z.string()) })),
});

/** The id of the image that a stream of progress is about: the last that it names. */
async function idIn(client: EngineClient, path: string, options: CallOptions): Promise<string> {
  let id: string | undefined;
  for await (const step of client.stream("POST", path, options)) {
    const { status, aux } = z.safeParse(stepSchema, step).data ?? {};
    id = aux?.ID ?? (status?.startsWith("sha256:") === true ? status : id);
  }
  if (id === undefined) throw oddAnswer(`POST ${path}`);
  return id;
}

const dockerfile = `
FROM ${COMPILER_IMAGE} AS build
COPY *.c *.h /launcher/
RUN gcc -std=gnu11 -D_GNU_SOURCE -static -Os -s -fstack-protector-strong -o /glovebox-launcher /launcher/*.c
FROM scratch
COPY --from=build /glovebox-launcher ${launcherPath}
`;

/** What a daemon builds an image of the launcher from: a tar with a Dockerfile. */
export async function launcherSources(): Promise<Buffer> {
  const folder = join(packageFolder(), "native/launcher");
  const names = (await readdir(folder)).filter((name) => /\.[ch]$/.test(name)).sort();
  const files = await Promise.all(
    names.map(async (name) => ({ name, data: await readFile(join(folder, name)) })),
  );
  const all = [{ name: "Dockerfile", data: dockerfile }, ...files];
  return Buffer.from(createTar(all.map((file) => ({ ...file, attrs: { mtime: 0 } }))));
}

function unavailable(
  what: string,
  cause: unknown,
  advice: string,
  hint: string,
): GloveboxError<"PROVIDER_UNAVAILABLE"> {
  const { name, message } = cause as Error;
  const why = name === "TimeoutError" ? "the daemon took too long" : message;
  return new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `docker: the launcher ${what}: ${why}. ${advice}.`,
    { provider: "docker", hint },
    { cause },
  );
}
