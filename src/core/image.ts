/**
 * @module
 * OCI images: what a sandbox starts from, where its programs are not the host's. Their names have one
 * grammar here, without zod: it is loaded for each `glovebox run`.
 */
import { invalidRequest } from "./errors.ts";

/** A bound for names that strangers send. The longest repository is 255 characters, by the registries. */
export const maxImageNameChars = 255;

const part = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const registry =
  "(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?";
const tag = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const digest = "@[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,128}";
/** The grammar of github.com/distribution/reference: registry, repository, tag, digest. */
const imageName = new RegExp(`^(?:${registry}/)?${part}(?:/${part})*(?::${tag})?(?:${digest})?$`);

/** What an image may look like, for the message of whoever refuses one. */
export const imageForm = `an image like python:3 or ghcr.io/acme/tool:1.2, at most ${maxImageNameChars} characters`;

/** An image's id, `sha256:…`, has the form of a name too. */
export function isImageName(text: string): boolean {
  return text.length <= maxImageNameChars && imageName.test(text);
}

/** True for a name that can't be a word of another kind: it has a tag, a digest or a folder. */
export function isQualifiedImageName(text: string): boolean {
  return /[:/@]/.test(text) && isImageName(text);
}

/** A host that nobody can own elsewhere: in another folder a stranger could publish what we make. */
const madeHere = "localhost/glovebox/";

/**
 * The name, without a tag, of what is made on this machine for a language: its Debian tree, and what its
 * Dockerfile builds. No registry is ever asked for it, see `refuseMadeHere`.
 */
export function ownRepository(languageId: string): string {
  return `${madeHere}${languageId}`;
}

/** The language that an image was made for on this machine; undefined for one of a registry. */
export function madeHereFor(image: string): string | undefined {
  return image.startsWith(madeHere)
    ? image.slice(madeHere.length).replace(/[:@].*$/, "")
    : undefined;
}

/**
 * The command that brings a provider what an image of no registry would; undefined for one of a
 * registry.
 *
 * @param image As `wholeName` or a person writes it.
 */
export function makeCommand(image: string, provider: string): string | undefined {
  const languageId = madeHereFor(image);
  if (languageId === undefined) return undefined;
  const command = `glovebox languages install ${languageId}`;
  if (provider === "docker") return `${command} --provider docker`;
  // Npm's packages are no image here: their folder is what brings the language.
  return `${command} --method ${image.endsWith(":npm") ? "npm" : "tree"}`;
}

/**
 * @param image As for `makeCommand`.
 * @param provider Whose image it would be.
 * @throws {GloveboxError} `INVALID_REQUEST` for what is made here.
 */
export function refuseMadeHere(image: string, provider: string): void {
  const command = makeCommand(image, provider);
  if (command === undefined) return;
  throw invalidRequest("image", `\`${image}\` is in no registry, it is made here: ${command}`);
}

/** When an image is fetched from its registry: where it is not there, never by itself, each time. */
export const pullPolicies = ["missing", "never", "always"] as const;
export type PullPolicy = (typeof pullPolicies)[number];

export interface StoredImage {
  /** As it was asked for: `python:3`. */
  readonly name: string;
  /** `sha256:…` */
  readonly id: string;
  readonly sizeBytes: number;
}

/** What an image says of itself. Its author wrote it. */
export interface ImageDescription {
  /** Entrypoint and command together; may be empty. */
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** One step of a pull or a build. */
export interface ImageProgress {
  /** What goes on, for people: `Downloading`, `Step 2/3 : RUN make`. Untrusted: escape it. */
  readonly text: string;
  /** The layer that it is about; absent where it is about the whole image. */
  readonly layer?: string;
  /** Both absent where the engine does not count. */
  readonly doneBytes?: number;
  readonly totalBytes?: number;
}

/** The images that a provider has. All methods throw `PROVIDER_UNAVAILABLE` where it can't be asked. */
export interface ImageStore {
  /** Undefined where it is not there. */
  find(name: string, signal: AbortSignal): Promise<StoredImage | undefined>;

  /** Undefined where the image is not there, or was fetched before this was kept. */
  describe(name: string, signal: AbortSignal): Promise<ImageDescription | undefined>;

  /** All that are there, by name. Absent where others keep theirs there too. */
  list?(signal: AbortSignal): Promise<readonly StoredImage[]>;

  /**
   * @throws {GloveboxError} With the registry's reason: `IMAGE_NOT_FOUND` where it has no such image,
   * `SANDBOX_FAILED` where it could not be asked, or is no image that can be used here.
   */
  pull(
    name: string,
    onProgress: (progress: ImageProgress) => void,
    signal: AbortSignal,
  ): Promise<void>;

  /**
   * As `pull`, from this machine instead of a registry: `oci:FOLDER:TAG`. Absent where that can't be.
   *
   * @throws {GloveboxError} As `pull`; `INVALID_REQUEST` for a source of another form.
   */
  load?(
    name: string,
    source: string,
    onProgress: (progress: ImageProgress) => void,
    signal: AbortSignal,
  ): Promise<void>;

  /**
   * Builds an image from the text of a Dockerfile, with an empty context. Absent where none are built.
   *
   * @throws {GloveboxError} `SANDBOX_FAILED` with the engine's reason.
   */
  build?(
    name: string,
    dockerfile: string,
    onProgress: (progress: ImageProgress) => void,
    signal: AbortSignal,
  ): Promise<void>;

  /** @returns False where it was not there. */
  remove(name: string, signal: AbortSignal): Promise<boolean>;
}
