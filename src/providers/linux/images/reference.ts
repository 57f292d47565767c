/**
 * @module
 * Names of images, as docker reads them, and where skopeo finds what they name.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { invalidRequest } from "../../../core/errors.ts";
import { imageForm, isImageName } from "../../../core/image.ts";

/** Where an image may be fetched from besides its registry, as skopeo writes it; containers-transports(5). */
const localTransports = ["oci", "oci-archive", "docker-archive"] as const;

/**
 * The whole name: `python` is `docker.io/library/python:latest`. Two names of one image are the same.
 *
 * @throws {GloveboxError} `INVALID_REQUEST` for what can be no image's name.
 */
export function wholeName(name: string): string {
  if (!isImageName(name)) {
    const shown = JSON.stringify(name.slice(0, 80));
    throw invalidRequest("image", `${shown} is not ${imageForm}`);
  }
  const withRegistry = registryOf(name) === undefined ? `docker.io/${withFolder(name)}` : name;
  return hasVersion(withRegistry) ? withRegistry : `${withRegistry}:latest`;
}

/** What skopeo copies from, for a whole name. */
export function registrySource(name: string): readonly string[] {
  // A digest says all, and skopeo does not take both.
  const asked = name.replace(/:[^:@/]+(?=@)/, "");
  // As docker: plain HTTP is for this machine's own registries only.
  const tls = isLoopback(registryOf(name) ?? "") ? ["--src-tls-verify=false"] : [];
  return [...tls, `docker://${asked}`];
}

/**
 * What skopeo copies from, for a folder or a file of this machine: `oci:/path:tag`.
 *
 * @throws {GloveboxError} `INVALID_REQUEST` for anything else, and where there is none.
 */
export function localSource(source: string): readonly string[] {
  const [, transport = "", path = "", rest = ""] = /^([^:]+):([^:]+)(.*)$/s.exec(source) ?? [];
  if (localTransports.some((known) => known === transport)) {
    const whole = resolve(path);
    if (existsSync(whole)) return [`${transport}:${whole}${rest}`];
    const shown = JSON.stringify(whole.slice(0, 80));
    throw invalidRequest("--from", `${shown} is not there, or can't be read`);
  }
  const forms = "oci:FOLDER:TAG, oci-archive:FILE:TAG or docker-archive:FILE:NAME";
  throw invalidRequest("--from", `${JSON.stringify(source.slice(0, 80))} is not ${forms}`);
}

/** The first part is a registry where it can be no folder of Docker Hub. */
function registryOf(name: string): string | undefined {
  const [first = "", rest] = name.split("/", 2);
  if (rest === undefined) return undefined;
  return /[.:[A-Z]/.test(first) || first === "localhost" ? first : undefined;
}

const withFolder = (name: string): string => (name.includes("/") ? name : `library/${name}`);

/** A tag or a digest; a registry's port is neither. */
const hasVersion = (name: string): boolean => /[:@][^/]+$/.test(name);

function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, "");
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}
