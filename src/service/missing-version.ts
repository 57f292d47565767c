/**
 * @module
 * The error for a version of a language that is not there: which ones are, and how to get it.
 */
import { GloveboxError, isGloveboxError } from "../core/errors.ts";
import type { LoadedLanguage, Runtime } from "../core/language.ts";
import type { Provider } from "../core/provider.ts";
import { installCommand } from "./runtimes.ts";

interface WantedVersion {
  readonly provider: Provider;
  readonly language: LoadedLanguage;
  readonly wanted: string;
  /** All that the provider has of the language. */
  readonly found: readonly Runtime[];
}

/** What an image's tag is made of, see `imageForm`: another version can't be fetched as one. */
export const tagForm = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

const noVersion = "leave the version out";

/**
 * @param reason Why not even the usual version is there; undefined where it is. Returned as it is where
 * it says more, or is of another kind than `LANGUAGE_NOT_INSTALLED`.
 */
export function missingVersion(
  { provider, language, wanted, found }: WantedVersion,
  reason?: unknown,
): unknown {
  if (reason !== undefined && !isNotInstalled(reason)) return reason;
  const command = versionCommand(provider, language, wanted);
  // Where there is nothing at all, the reason comes first, and the way to get the usual one.
  const isNothing = found.length === 0;
  const saysLess = command === undefined || provider.programs === "image";
  if (isNothing && saysLess && reason !== undefined) return reason;
  const { id, title } = language;
  const shown = JSON.stringify(wanted.slice(0, 80));
  const what = `${title} ${shown} is not installed on this host`;
  const way = command === undefined ? noVersion : `get it: ${command}`;
  const message = isNothing
    ? `${what}, nor is another version. Get it: ${command ?? installCommand(provider, language)}`
    : `${what}, which has ${listOf(found)}. Use one of these, or ${way}`;
  return new GloveboxError(
    "LANGUAGE_NOT_INSTALLED",
    message,
    { language: id, hint: command ?? noVersion },
    reason === undefined ? {} : { cause: reason },
  );
}

function isNotInstalled(error: unknown): boolean {
  return isGloveboxError(error) && error.code === "LANGUAGE_NOT_INSTALLED";
}

/** The command that brings one version; undefined where none does. */
function versionCommand(
  { images, programs }: Provider,
  { id, dockerfileText }: LoadedLanguage,
  wanted: string,
): string | undefined {
  const version = wanted.replace(/^v/i, "");
  // An image that is built has the version of its Debian, and no other.
  if (images === undefined || dockerfileText !== undefined || !tagForm.test(version)) {
    return undefined;
  }
  const command = `glovebox languages install ${id}@${version}`;
  return programs === "image" ? `${command} --provider docker` : command;
}

/** `3.11.2, 3.13.1 (python:3.13)` */
function listOf(found: readonly Runtime[]): string {
  return found
    .map(({ version, image }) => {
      const text = version ?? "one of unknown version";
      return image === undefined ? text : `${text} (${image})`;
    })
    .join(", ");
}
