/**
 * @module
 * OCI images: what a sandbox starts from, where its programs are not the host's.
 */

export interface StoredImage {
  /** As it was asked for: `python:3`. */
  readonly name: string;
  /** `sha256:…` */
  readonly id: string;
  readonly sizeBytes: number;
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

  /** @throws {GloveboxError} `IMAGE_NOT_FOUND` with the registry's reason. */
  pull(
    name: string,
    onProgress: (progress: ImageProgress) => void,
    signal: AbortSignal,
  ): Promise<void>;

  /**
   * Builds an image from the text of a Dockerfile, with an empty context.
   *
   * @throws {GloveboxError} `SANDBOX_FAILED` with the engine's reason.
   */
  build(
    name: string,
    dockerfile: string,
    onProgress: (progress: ImageProgress) => void,
    signal: AbortSignal,
  ): Promise<void>;

  /** @returns False where it was not there. */
  remove(name: string, signal: AbortSignal): Promise<boolean>;
}
