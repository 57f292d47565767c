/**
 * @module
 * The seeds' names of languages: those that are not ours, and lists of what is installed.
 */
import type { Runtime } from "../../../core/language.ts";
import type { LanguageIndex } from "../../../languages/index-languages.ts";

interface NamedLanguage {
  readonly language: string;
  /** Absent: whichever is there. */
  readonly version?: string;
}

const namesOfSeeds: ReadonlyMap<string, NamedLanguage> = new Map([
  ["python2", { language: "python", version: "2" }],
  // It starts a source file as it is, which Java 8 could not: any version is meant.
  ["java8", { language: "java" }],
  // What the command-line client of codecanvas sends for a `.cpp` file.
  ["c++11", { language: "cpp" }],
]);

/** What a name stands for; one of our own, or of nobody's, stands for itself. */
export function languageNamed(name: string): NamedLanguage {
  return namesOfSeeds.get(name) ?? { language: name };
}

/**
 * Names of what is installed: those that a seed's clients know, in their order, then our own names of
 * all other languages.
 */
export function installedNames(
  seedNames: readonly string[],
  languages: LanguageIndex,
  runtimes: readonly Runtime[],
): string[] {
  const listed = new Set<string>();
  const names = seedNames.filter((name) => {
    const { language, version } = languageNamed(name);
    const id = languages.byName(language)?.id;
    const isThere = runtimes.some(
      (runtime) => runtime.languageId === id && hasVersion(runtime.version, version),
    );
    if (isThere && id !== undefined && version === undefined) listed.add(id);
    return isThere;
  });
  const others = new Set(runtimes.map(({ languageId }) => languageId));
  return [...names, ...[...others].filter((id) => !listed.has(id))];
}

const hasVersion = (version: string | null, wanted: string | undefined): boolean =>
  wanted === undefined || version === wanted || (version?.startsWith(`${wanted}.`) ?? false);
