/**
 * @module
 * The names of OCI images, and of other things at a Docker daemon, as people write them.
 */

/** A bound for names that strangers send. The longest repository is 255 characters, by the registries. */
const MAX_NAME_CHARS = 255;

const part = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const registry =
  "(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?";
const tag = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const digest = "@[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,128}";
/** The grammar of github.com/distribution/reference: registry, repository, tag, digest. */
const imageName = new RegExp(`^(?:${registry}/)?${part}(?:/${part})*(?::${tag})?(?:${digest})?$`);

/** What an image may look like, for the message of whoever refuses one. */
export const imageForm = `an image like python:3 or ghcr.io/acme/tool:1.2, at most ${MAX_NAME_CHARS} characters`;

export function isImageName(text: string): boolean {
  return text.length <= MAX_NAME_CHARS && imageName.test(text);
}

/** True for a name that can't be a word of another kind: it has a tag, a digest or a folder. */
export function isQualifiedImageName(text: string): boolean {
  return /[:/@]/.test(text) && isImageName(text);
}

/** What an allowed image may look like. */
export const imagePatternForm = "python:3, python:*, ghcr.io/acme/*, or * for all";

/** An exact name, or the beginning of names with a `*` at its end. */
export function isImagePattern(item: unknown): item is string {
  if (typeof item !== "string" || item.length > MAX_NAME_CHARS) return false;
  if (!item.endsWith("*")) return isImageName(item);
  const start = item.slice(0, -1);
  // What comes after it decides whether the whole is a name; one letter makes a whole of most.
  return start === "" || isImageName(`${start}a`) || isImageName(`${start}:a`);
}

/**
 * Whether a name is one of `allowed`, letter by letter: `python` is not `python:latest`. A `*` stands
 * for any text, but for a `/` only right after one: `python:3*` allows `python:3.12`, and not
 * `python:3000/tool`, whose registry is the machine `python`.
 */
export function isAllowedImage(name: string, allowed: readonly string[]): boolean {
  return allowed.some((pattern) => {
    if (!pattern.endsWith("*")) return name === pattern;
    const start = pattern.slice(0, -1);
    if (!name.startsWith(start)) return false;
    return start === "" || start.endsWith("/") || !name.slice(start.length).includes("/");
  });
}

/** Whether it looks like the address of a daemon; the provider reads it. */
export function isDockerHost(text: string): boolean {
  return text.length <= MAX_NAME_CHARS && /^[a-z]+:\/\/[^\s\p{Cc}]+$/u.test(text);
}

/** The name of an OCI runtime at a daemon: `runc`, `runsc`, `io.containerd.runsc.v1`. */
export function isOciRuntime(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(text);
}
