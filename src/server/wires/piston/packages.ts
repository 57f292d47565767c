/**
 * @module
 * What Piston calls packages: the languages, those that are not installed among them.
 */
import { GloveboxError } from "../../../core/errors.ts";
import type { LoadedLanguage } from "../../../core/language.ts";
import { installCommand } from "../../../service/runtimes.ts";
import { pistonNames, type PistonRuntime } from "./runtimes.ts";
import { compareVersions, isInRange, toSemVer } from "./version-range.ts";

export interface PistonPackage {
  readonly language: string;
  readonly version: string;
  readonly isInstalled: boolean;
  readonly of: LoadedLanguage;
}

/** Of each language what is installed, and the versions that Piston has of it. */
export function pistonPackages(
  languages: readonly LoadedLanguage[],
  runtimes: readonly PistonRuntime[],
): readonly PistonPackage[] {
  return languages.flatMap((language) => {
    const [name = language.id] = pistonNames(language);
    const here = runtimes
      .filter((runtime) => runtime.language === language)
      .map(({ version }) => version);
    const known = language.piston[0]?.versions ?? [];
    // Of a language that Piston does not have, nobody knows a version before it is installed.
    const others = known.length === 0 && here.length === 0 ? [toSemVer(null)] : known;
    return [...new Set([...here, ...others])].map((version) => ({
      language: name,
      version,
      isInstalled: here.includes(version),
      of: language,
    }));
  });
}

/** The newest one that is asked for; undefined where there is none. */
export function findPackage(
  packages: readonly PistonPackage[],
  language: string,
  selector: string,
): PistonPackage | undefined {
  const [newest] = packages
    .filter((each) => each.language === language && isInRange(each.version, selector))
    .sort((left, right) => compareVersions(right.version, left.version));
  return newest;
}

/** A package is not brought over HTTP: on a host that takes root, and the operator's own word. */
export function refuseInstalling(
  { language, version, of }: PistonPackage,
  provider: string,
): GloveboxError<"NOT_ALLOWED"> {
  const command = installCommand({ programs: provider === "docker" ? "image" : "host" }, of);
  return notOverHttp(`${language}-${version} is not installed over HTTP`, command);
}

/** @see refuseInstalling */
export function refuseRemoving(
  { language, version, of: { id } }: PistonPackage,
  provider: string,
): GloveboxError<"NOT_ALLOWED"> {
  const command =
    provider === "docker" ? `glovebox images rm ${id}` : `glovebox languages remove ${id}`;
  return notOverHttp(`${language}-${version} is not removed over HTTP`, command);
}

function notOverHttp(what: string, command: string): GloveboxError<"NOT_ALLOWED"> {
  const message = `${what}. On the server's machine run: ${command}`;
  return new GloveboxError("NOT_ALLOWED", message, { field: "language" });
}
