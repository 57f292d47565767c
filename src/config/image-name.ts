/**
 * @module
 * The images that an operator allows, and the names of other things at a Docker daemon, as people
 * write them.
 */
import { isImageName, maxImageNameChars } from "../core/image.ts";

/** What an allowed image may look like. */
export const imagePatternForm = "python:3, python:*, ghcr.io/acme/*, or * for all";

/** An exact name, or the beginning of names with a `*` at its end. */
export function isImagePattern(item: unknown): item is string {
  if (typeof item !== "string" || item.length > maxImageNameChars) return false;
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
  return text.length <= maxImageNameChars && /^[a-z]+:\/\/[^\s\p{Cc}]+$/u.test(text);
}

/** The name of an OCI runtime at a daemon: `runc`, `runsc`. */
export function isOciRuntime(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(text);
}
