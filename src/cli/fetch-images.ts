/**
 * @module
 * Pulls or builds images, one after the other, and shows how far it is.
 */
import { invalidRequest } from "../core/errors.ts";
import { makeCommand, type ImageProgress, type ImageStore } from "../core/image.ts";
import { escapeControls } from "./escape-controls.ts";
import { formatBytes, openProgress } from "./image-progress.ts";
import type { ImageTarget } from "./image-targets.ts";
import { printNote } from "./print.ts";
import { formatError } from "./print-error.ts";

interface FetchOptions {
  readonly how: "pull" | "build";
  /** Where the one image comes from instead of its registry. */
  readonly from?: string | undefined;
  readonly isQuiet: boolean;
  readonly isVerbose: boolean;
}

/**
 * @returns 1 where one failed, which keeps no other from its turn; else 0.
 * @throws The reason of `signal` after its abort.
 */
export async function fetchImages(
  images: ImageStore,
  targets: readonly ImageTarget[],
  options: FetchOptions,
  signal: AbortSignal,
): Promise<number> {
  const { how, isQuiet, isVerbose } = options;
  if (!isQuiet) {
    const names = targets.map(describeTarget).join(", ");
    printNote(`${how === "pull" ? "fetching" : "building"} ${names}`);
  }
  let failures = 0;
  for (const target of targets) {
    try {
      await fetchImage(images, target, options, signal);
    } catch (error) {
      signal.throwIfAborted();
      failures++;
      process.stderr.write(formatError(error, isVerbose ? "verbose" : "normal"));
    }
  }
  if (failures > 0 && targets.length > 1) {
    printNote(`${failures} of ${targets.length} images failed`);
  }
  return failures === 0 ? 0 : 1;
}

async function fetchImage(
  images: ImageStore,
  target: ImageTarget,
  { isQuiet, from }: FetchOptions,
  signal: AbortSignal,
): Promise<void> {
  const { image } = target;
  const display = openProgress(process.stderr);
  const onProgress = (progress: ImageProgress): void => {
    if (!isQuiet) display.show(image, progress);
  };
  const startedAt = performance.now();
  try {
    await fetchBy(images, target, from)(onProgress, signal);
  } finally {
    display.clear();
  }
  const stored = await images.find(image, signal);
  const size = stored === undefined ? "" : `, ${formatBytes(stored.sizeBytes)}`;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(escapeControls(`${image}${size}, in ${seconds} s`) + "\n");
}

type Fetch = (onProgress: (progress: ImageProgress) => void, signal: AbortSignal) => Promise<void>;

/** @throws {GloveboxError} `INVALID_REQUEST` for a way that these images have not. */
function fetchBy(
  images: ImageStore,
  { image, dockerfile }: ImageTarget,
  from: string | undefined,
): Fetch {
  if (from !== undefined) {
    const load = images.load?.bind(images);
    if (load === undefined) throw invalidRequest("--from", "needs `--provider linux`.");
    return (...how) => load(image, from, ...how);
  }
  if (dockerfile === undefined) return (...how) => images.pull(image, ...how);
  const build = images.build?.bind(images);
  if (build === undefined) throw invalidRequest("LANG", builtElsewhere(image));
  return (...how) => build(image, dockerfile, ...how);
}

/** Says what to do where an image has to be built, and this provider builds none. */
export function builtElsewhere(image: string): string {
  const command = makeCommand(image, "linux");
  const advice =
    command === undefined ? "Name another image, as python:3." : `Get the language: ${command}`;
  return `the image \`${image}\` is in no registry, and is built with \`--provider docker\` only. ${advice}`;
}

/** `gcc:14 (c, cpp)` */
function describeTarget({ image, languages }: ImageTarget): string {
  return languages.length === 0 ? image : `${image} (${languages.join(", ")})`;
}
