/**
 * @module
 * Pulls or builds images, one after the other, and shows how far it is.
 */
import type { ImageProgress, ImageStore } from "../core/image.ts";
import { escapeControls } from "./escape-controls.ts";
import { formatBytes, openProgress } from "./image-progress.ts";
import type { ImageTarget } from "./image-targets.ts";
import { printNote } from "./print.ts";
import { formatError } from "./print-error.ts";

interface FetchOptions {
  readonly how: "pull" | "build";
  readonly isQuiet: boolean;
  readonly isVerbose: boolean;
}

/** @returns 1 where one failed, which keeps no other from its turn; else 0. */
export async function fetchImages(
  images: ImageStore,
  targets: readonly ImageTarget[],
  options: FetchOptions,
): Promise<number> {
  const { how, isQuiet, isVerbose } = options;
  if (!isQuiet) {
    const names = targets.map(describeTarget).join(", ");
    printNote(`${how === "pull" ? "fetching" : "building"} ${names}`);
  }
  let failures = 0;
  for (const target of targets) {
    try {
      await fetchImage(images, target, options);
    } catch (error) {
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
  { image, dockerfile }: ImageTarget,
  { isQuiet }: FetchOptions,
): Promise<void> {
  const display = openProgress(process.stderr);
  const onProgress = (progress: ImageProgress): void => {
    if (!isQuiet) display.show(image, progress);
  };
  // Ctrl-C ends this process, and with its connection the daemon's work.
  const { signal } = new AbortController();
  const startedAt = performance.now();
  try {
    if (dockerfile === undefined) await images.pull(image, onProgress, signal);
    else await images.build(image, dockerfile, onProgress, signal);
  } finally {
    display.clear();
  }
  const stored = await images.find(image, signal);
  const size = stored === undefined ? "" : `, ${formatBytes(stored.sizeBytes)}`;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(escapeControls(`${image}${size}, in ${seconds} s\n`));
}

/** `gcc:14 (c, cpp)` */
function describeTarget({ image, languages }: ImageTarget): string {
  return languages.length === 0 ? image : `${image} (${languages.join(", ")})`;
}
