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
import { fetchImages } from "../fetch-images.ts";

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

const providerOf = ({ provider }: Pick<Package, "provider">): ProviderName =>
  provider === "docker" ? "docker" : "linux";

const wholeName = (image: string): string => (/[:@]/.test(image) ? image : `${image}:latest`);

/** What can be run at once: its image is there, and what that runs by itself is known. */
export async function withImage(it: Package, signal: AbortSignal): Promise<Package> {
  if (it.image === "host") return it;
  const image = wholeName(it.image);
  return withImages(providerOf(it), async (images) => {
    await fetchMissing(images, image, signal);
    if (it.command !== undefined || it.script !== undefined) return it;
    const { command = [] } = (await images.describe(image, signal)) ?? {};
    if (command.length > 0) return { ...it, command: [...command] };
    throw invalidRequest(
      "image",
      `\`${image}\` says of no command. Write \`command\` into the package.`,
    );
  });
}

async function fetchMissing(images: ImageStore, image: string, signal: AbortSignal): Promise<void> {
  if ((await images.find(image, signal)) !== undefined) return;
  const options = { how: "pull", isQuiet: false, isVerbose: false } as const;
  const target = { image, languages: [], dockerfile: undefined };
  const failed = await fetchImages(images, [target], options, signal);
  if (failed !== 0) throw invalidRequest("image", `\`${image}\` could not be fetched.`);
}

/** The package that an image's labels make, `io.whalebrew.…`. */
export async function packageOfImage(
  image: string,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly text: string; readonly source: PackageSource }> {
  if (!isImageName(image)) throw invalidRequest("--image", `\`${image}\` is no name of an image.`);
  const description = await withImages("linux", async (images) => {
    await fetchMissing(images, wholeName(image), signal);
    return images.describe(wholeName(image), signal);
  });
  return { ...textOfImage(image, description), source: { kind: "image", image } };
}
