/**
 * @module
 * What a manifest names, read before skopeo acts on it: OCI image-spec, manifest.md and image-index.md, and
 * docker's forms of them. A stranger's, so what skopeo could read otherwise than we do is refused.
 */
import { createHash } from "node:crypto";
import * as z from "zod/mini";

/** What registries take, and skopeo. */
export const maxManifestBytes = 4 * 1024 * 1024;
const MAX_DESCRIPTORS = 1000;

const digest = z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/));
const descriptor = z.object({ digest });

const imageSchema = z.object({
  mediaType: z.nullish(z.string()),
  config: descriptor,
  layers: z.array(descriptor).check(z.maxLength(MAX_DESCRIPTORS)),
});

const listSchema = z.object({
  manifests: z
    .array(
      z.object({
        digest,
        platform: z.nullish(
          z.object({ architecture: z.string(), os: z.string(), variant: z.nullish(z.string()) }),
        ),
      }),
    )
    .check(z.maxLength(MAX_DESCRIPTORS)),
});

export interface ImageManifest {
  readonly kind: "image";
  /** Undefined where it does not say it. */
  readonly mediaType: string | undefined;
  /** Digests of its configuration and its layers. */
  readonly blobs: readonly string[];
}

/** One name for the images of many machines. */
export interface ManifestList {
  readonly kind: "list";
  readonly manifests: z.infer<typeof listSchema>["manifests"];
}

/** As Go names them: the machine that images are fetched for. */
export const ownArchitecture =
  { x64: "amd64", arm64: "arm64" }[process.arch as string] ?? process.arch;

/** The best first; as skopeo chooses. */
const ownVariants: readonly string[] = ownArchitecture === "arm64" ? ["v8", ""] : [""];

/**
 * @throws {Error} For what is no manifest, and for one with `urls`: skopeo would ask these addresses from
 * this machine, also such as only this machine can reach.
 */
export function readManifest(raw: Buffer): ImageManifest | ManifestList {
  const text = raw.toString("utf8");
  const json = parseJson(raw);
  if (hasKey(text, "urls")) {
    throw new Error("its manifest names addresses of its own (`urls`), which are never asked");
  }
  if (hasKey(text, "manifests")) return { kind: "list", ...listSchema.parse(json) };
  if (hasKey(text, "fsLayers")) throw new Error("its manifest has docker's old form, schema 1");
  const { mediaType, config, layers } = imageSchema.parse(json);
  return {
    kind: "image",
    mediaType: mediaType ?? undefined,
    blobs: [config, ...layers].map((each) => each.digest),
  };
}

/** Without what the parser says, which has a stranger's words in it. */
export function parseJson(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString("utf8"));
  } catch (error) {
    throw new Error("its description is malformed", { cause: error });
  }
}

/**
 * Whether any object has this key with a value. Looks at the words and not at the parsed value: Go takes
 * keys in any case, and of two with the same name it reads both into one.
 *
 * @param text Valid JSON.
 */
function hasKey(text: string, key: string): boolean {
  const strings = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:(?!\s*(?:null|\[\s*\])))?/g;
  // With `u`, case is folded as in Go: U+017F is an `s`.
  const form = new RegExp(`^${key}$`, "iu");
  for (const [, string = "", colon] of text.matchAll(strings)) {
    if (colon !== undefined && form.test(JSON.parse(string) as string)) return true;
  }
  return false;
}

/** @returns The digest of the image for this machine. @throws {Error} Where there is none. */
export function chooseImage({ manifests }: ManifestList): string {
  for (const variant of ownVariants) {
    const found = manifests.find(({ platform }) => {
      const { os, architecture, variant: its } = platform ?? {};
      return os === "linux" && architecture === ownArchitecture && (its ?? "") === variant;
    });
    if (found !== undefined) return found.digest;
  }
  const anywhere = manifests.find(({ platform }) => platform === undefined || platform === null);
  if (anywhere === undefined) throw new Error(`it has nothing for linux/${ownArchitecture}`);
  return anywhere.digest;
}

/** @param algorithm Of those that digests may have. */
export function digestOf(raw: Buffer, algorithm = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(raw).digest("hex")}`;
}

/** @throws {Error} For other bytes, and for a digest of an unknown kind. */
export function checkDigest(raw: Buffer, expected: string): void {
  const [, algorithm] = /^(sha256|sha384|sha512):/.exec(expected) ?? [];
  if (algorithm === undefined) throw new Error("its digest is of an unknown kind");
  if (digestOf(raw, algorithm) !== expected) throw new Error(`its manifest is not ${expected}`);
}
