/**
 * @module
 * Packages and images: an image is there before its package runs, and one with whalebrew's labels is a
 * package by itself.
 */
import { createProvider } from "../../app.ts";
import { invalidRequest } from "../../core/errors.ts";
import { isImageName, type ImageStore } from "../../core/image.ts";
import type { PackageSource } from "../../packages/approvals.ts";
import type { Package } from "../../packages/package.ts";
import { textOfImage } from "../../packages/whalebrew-labels.ts";
import { imageOfPackage, wholeName } from "../../packages/image-of-package.ts";
import { fetchImages } from "../fetch-images.ts";
import type { ImageTarget } from "../image-targets.ts";

type ProviderName = "linux" | "docker";

async function withImages<T>(
  provider: ProviderName,
  work: (images: ImageStore) => Promise<T>,
): Promise<T> {
  const opened = await createProvider(provider);
  try {
    if (opened.images === undefined) throw new Error(`${provider} has no images`);
    return await work(opened.images);
  } finally {
    await opened.close();
  }
}

const providerOf = ({ provider, dockerfile }: Package): ProviderName =>
  provider === "docker" || dockerfile !== undefined ? "docker" : "linux";

/** What can be run at once: its image is there, and what that runs by itself is known. */
export async function withImage(it: Package, signal: AbortSignal): Promise<Package> {
  const image = imageOfPackage(it);
  if (image === undefined) return it;
  return withImages(providerOf(it), async (images) => {
    await fetchMissing(images, { image, dockerfile: it.dockerfile }, signal);
    if (it.command !== undefined || it.script !== undefined) return it;
    const { command = [] } = (await images.describe(image, signal)) ?? {};
    if (command.length > 0) return { ...it, command: [...command] };
    throw invalidRequest(
      "image",
      `\`${image}\` says of no command. Write \`command\` into the package.`,
    );
  });
}

async function fetchMissing(
  images: ImageStore,
  { image, dockerfile }: Pick<ImageTarget, "image" | "dockerfile">,
  signal: AbortSignal,
): Promise<void> {
  if ((await images.find(image, signal)) !== undefined) return;
  const how = dockerfile === undefined ? "pull" : "build";
  const options = { how, isQuiet: false, isVerbose: false } as const;
  const failed = await fetchImages(images, [{ image, languages: [], dockerfile }], options, signal);
  if (failed === 0) return;
  const failure = how === "pull" ? "fetched" : "built";
  throw invalidRequest("image", `\`${image}\` could not be ${failure}.`);
}

/** The package that an image's labels make, `io.whalebrew.…`. */
export async function packageOfImage(
  image: string,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly text: string; readonly source: PackageSource }> {
  if (!isImageName(image)) throw invalidRequest("--image", `\`${image}\` is no name of an image.`);
  const description = await withImages("linux", async (images) => {
    await fetchMissing(images, { image: wholeName(image), dockerfile: undefined }, signal);
    return images.describe(wholeName(image), signal);
  });
  return { ...textOfImage(image, description), source: { kind: "image", image } };
}
