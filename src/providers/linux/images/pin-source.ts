/**
 * @module
 * Looks at an image's manifest, and then names the image so that skopeo copies what was looked at and no
 * other.
 */
import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { showValue } from "../../../util/show-value.ts";
import { extractLayout } from "./extract-layout.ts";
import {
  checkDigest,
  chooseImage,
  digestOf,
  maxManifestBytes,
  parseJson,
  readManifest,
  type ImageManifest,
} from "./manifest.ts";

export interface PinSource {
  /** See `registrySource` and `localSource`. */
  readonly source: readonly string[];
  /** For what is needed of it; not there yet. */
  readonly folder: string;
  /** Asks a registry. @returns The manifest's bytes, not checked. */
  readonly inspect: (source: readonly string[]) => Promise<Buffer>;
}

/**
 * @returns What skopeo copies from.
 * @throws {Error} For an image that can't be used.
 */
export async function pinSource(
  { source, folder, inspect }: PinSource,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const reference = source.at(-1) ?? "";
  const [, transport, rest = ""] = /^([a-z-]+):(.*)$/s.exec(reference) ?? [];
  // Of a docker-archive skopeo writes the manifest itself, from files in it.
  if (transport === "docker-archive") return source;
  if (transport === "docker") return pinRemote(source, rest, inspect);
  const [, path = "", tag] = /^([^:]*)(?::(.+)?)?$/s.exec(rest) ?? [];
  await mkdir(folder);
  if (transport === "oci") return pinLayout(path, tag, folder);
  const extracted = join(folder, "extracted");
  await extractLayout(path, extracted, signal);
  return pinLayout(extracted, tag, folder);
}

/** @param reference `//REGISTRY/REPOSITORY:TAG@DIGEST`, of which one may be missing. */
async function pinRemote(
  source: readonly string[],
  reference: string,
  inspect: PinSource["inspect"],
): Promise<readonly string[]> {
  const [, repository = "", asked] = /^(.*?)(?::[^:/@]+)?(?:@(.*))?$/s.exec(reference) ?? [];
  const at = (digest: string): readonly string[] => [
    ...source.slice(0, -1),
    `docker:${repository}@${digest}`,
  ];
  const raw = await inspect(source);
  if (asked !== undefined) checkDigest(raw, asked);
  const { digest } = await findImage(raw, (chosen) => inspect(at(chosen)));
  return at(digest);
}

interface FoundImage {
  readonly digest: string;
  readonly raw: Buffer;
  readonly manifest: ImageManifest;
}

/** @param read Gets the manifest with a digest, unchecked. */
async function findImage(
  raw: Buffer,
  read: (digest: string) => Promise<Buffer>,
): Promise<FoundImage> {
  const top = readManifest(raw);
  if (top.kind === "image") return { digest: digestOf(raw), raw, manifest: top };
  const digest = chooseImage(top);
  const chosen = await read(digest);
  checkDigest(chosen, digest);
  const manifest = readManifest(chosen);
  if (manifest.kind === "list") throw new Error("its list of manifests names another list");
  return { digest, raw: chosen, manifest };
}

const indexSchema = z.object({
  manifests: z.array(
    z.object({ digest: z.string(), annotations: z.nullish(z.record(z.string(), z.string())) }),
  ),
});
const nameAnnotation = "org.opencontainers.image.ref.name";

/**
 * A layout of our own with this one image. Its blobs are links to where they are: skopeo checks their
 * digests, and who changes the other layout meanwhile changes no manifest.
 */
async function pinLayout(
  layout: string,
  tag: string | undefined,
  folder: string,
): Promise<readonly string[]> {
  const index = indexSchema.parse(parseJson(await readSmall(join(layout, "index.json"))));
  const named = index.manifests.filter(
    ({ annotations }) => tag === undefined || annotations?.[nameAnnotation] === tag,
  );
  const [first, second] = named;
  if (first === undefined) throw new Error(`--from has no image called ${showValue(tag)}`);
  if (tag === undefined && second !== undefined)
    throw new Error("--from has more than one image. Add `:` and the tag of one");
  const read = async (digest: string): Promise<Buffer> => readSmall(blobIn(layout, digest));
  const raw = await read(first.digest);
  checkDigest(raw, first.digest);
  const image = await findImage(raw, read);
  const own = join(folder, "pinned");
  await writeLayout(own, layout, image);
  return [`oci:${own}`];
}

async function writeLayout(
  own: string,
  layout: string,
  { digest, raw, manifest }: FoundImage,
): Promise<void> {
  await mkdir(join(own, "blobs/sha256"), { recursive: true });
  const mediaType = manifest.mediaType ?? "application/vnd.oci.image.manifest.v1+json";
  const descriptor = { mediaType, digest, size: raw.length };
  const index = { schemaVersion: 2, manifests: [descriptor] };
  await writeFile(join(own, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(own, "index.json"), JSON.stringify(index));
  await writeFile(blobIn(own, digest), raw);
  for (const blob of new Set(manifest.blobs)) {
    if (blob !== digest) await symlink(blobIn(layout, blob), blobIn(own, blob));
  }
}

/** @throws {Error} For what could be another path. */
function blobIn(layout: string, digest: string): string {
  const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? [];
  if (hex === undefined) throw new Error("its digest is of an unknown kind");
  return join(layout, "blobs/sha256", hex);
}

async function readSmall(path: string): Promise<Buffer> {
  const status = await stat(path).catch(asUnreadable);
  if (!status.isFile() || status.size > maxManifestBytes)
    throw new Error("its description is too large");
  return readFile(path).catch(asUnreadable);
}

function asUnreadable(cause: unknown): never {
  throw new Error(`${(cause as Error).message}. Check what --from names`, { cause });
}
