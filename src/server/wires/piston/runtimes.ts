/**
 * @module
 * What runs here, by the names and versions of Piston.
 */
import type { GloveboxError } from "../../../core/errors.ts";
import type { LoadedLanguage, Runtime } from "../../../core/language.ts";
import { refusal } from "./errors.ts";
import { compareVersions, isInRange, toSemVer } from "./version-range.ts";

export interface PistonRuntime {
  readonly name: string;
  /** What is really installed, as three numbers; see `toSemVer`. */
  readonly version: string;
  readonly aliases: readonly string[];
  /** Of Piston's package, where that has several languages. */
  readonly packageName?: string;
  readonly language: LoadedLanguage;
  /** What the runtime said about itself. */
  readonly installed: string | null;
}

/** One that was found for a request. */
export interface ChosenRuntime {
  readonly runtime: PistonRuntime;
  /** For `ExecuteBody.version`; undefined where the usual one is meant. */
  readonly wanted?: string;
}

/** @param installed Of one language the one first that is used where nobody asks for another. */
export function pistonRuntimes(
  languages: readonly LoadedLanguage[],
  installed: readonly Runtime[],
): readonly PistonRuntime[] {
  const byId = new Map(languages.map((language) => [language.id, language]));
  return installed.flatMap(({ languageId, version }) => {
    const language = byId.get(languageId);
    if (language === undefined) return [];
    const names = pistonNames(language);
    return names.map((name) => ({
      name,
      version: toSemVer(version),
      // Its other names have a row of their own.
      aliases: [language.id, ...language.aliases].filter((alias) => !names.includes(alias)),
      ...(names.length > 1 && names[0] !== undefined ? { packageName: names[0] } : {}),
      language,
      installed: version,
    }));
  });
}

/** At least one: its own, where Piston does not have the language. */
export function pistonNames({ id, piston }: LoadedLanguage): readonly string[] {
  return piston.length === 0 ? [id] : piston.map(({ language }) => language);
}

/** Those that a name may mean. */
export function languagesNamed(
  languages: readonly LoadedLanguage[],
  name: string,
): readonly LoadedLanguage[] {
  const lower = name.toLowerCase();
  return languages.filter((language) =>
    [language.id, ...language.aliases, ...pistonNames(language)].includes(lower),
  );
}

/**
 * The newest installed one that the selector stands for. An app that pins a version of Piston's packages
 * gets what is there in its place.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function chooseRuntime(
  runtimes: readonly PistonRuntime[],
  name: string,
  selector: string,
): ChosenRuntime {
  const lower = name.toLowerCase();
  const named = runtimes.filter((each) => each.name === lower || each.aliases.includes(lower));
  const [newest] = named
    .filter(({ version }) => isInRange(version, selector))
    .sort((left, right) => compareVersions(right.version, left.version));
  if (newest !== undefined) return withVersion(newest, named);
  const instead = inPlaceOf(named, selector);
  if (instead !== undefined) return withVersion(instead, named);
  throw unknownRuntime(name, selector);
}

/** What runs programs that were written for a version of Piston's packages: the one that is nearest. */
function inPlaceOf(named: readonly PistonRuntime[], selector: string): PistonRuntime | undefined {
  for (const candidate of named) {
    const pinned = pinnedVersions(candidate).find((version) => isInRange(version, selector));
    if (pinned === undefined) continue;
    const same = named.filter((each) => isSameLanguage(each, candidate));
    const [major, minor] = pinned.split(".");
    const near = [`${major}.${minor}`, `${major}`].map((range) =>
      same.find(({ version }) => isInRange(version, range)),
    );
    return near.find((each) => each !== undefined) ?? candidate;
  }
  return undefined;
}

const isSameLanguage = (left: PistonRuntime, right: PistonRuntime): boolean =>
  left.language === right.language && left.name === right.name;

/** Asking for a version costs a look at what is installed: only where there is a choice. */
function withVersion(runtime: PistonRuntime, named: readonly PistonRuntime[]): ChosenRuntime {
  const { installed } = runtime;
  const hasChoice = named.filter((each) => isSameLanguage(each, runtime)).length > 1;
  return installed === null || !hasChoice ? { runtime } : { runtime, wanted: installed };
}

function pinnedVersions({ language, name }: PistonRuntime): readonly string[] {
  return language.piston.find((row) => row.language === name)?.versions ?? [];
}

const MAX_SHOWN_CHARS = 80;

function unknownRuntime(name: string, selector: string): GloveboxError<"INVALID_REQUEST"> {
  const shown = [name, selector].map((text) => text.slice(0, MAX_SHOWN_CHARS).toWellFormed());
  const message = `${shown.join("-")} runtime is unknown`;
  return refusal("language", message);
}
