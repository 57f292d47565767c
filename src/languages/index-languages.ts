/**
 * @module
 * Finds a language by what people call it, by a file's extension, or by a `#!` line.
 */
import { GloveboxError } from "../core/errors.ts";
import type { LoadedLanguage } from "../core/language.ts";

export interface LanguageIndex {
  /** Sorted by id. */
  readonly languages: readonly LoadedLanguage[];
  /** Ids, sorted. */
  readonly names: readonly string[];
  /** By id or alias, any case. */
  byName(name: string): LoadedLanguage | undefined;
  /** With the dot, `.py`; case counts, because `.c` and `.C` are two languages. */
  byExtension(extension: string): LoadedLanguage | undefined;
  /** The language that an id of Judge0's stands for. */
  byJudge0(id: number): LoadedLanguage | undefined;
  /**
   * The language that a runtime of Piston's stands for. One of its versions names it exactly; for any
   * other, `*` among them, the name alone counts.
   */
  byPiston(name: string, version: string): LoadedLanguage | undefined;
  /** A program's whole first line; undefined where it is no `#!` line or its interpreter is unknown. */
  byShebang(line: string): LoadedLanguage | undefined;
}

/**
 * @throws {GloveboxError} `INVALID_CONFIG` where two languages claim the same name, extension or
 * shebang: which one is meant must not depend on their order.
 */
export function indexLanguages(languages: readonly LoadedLanguage[]): LanguageIndex {
  const sorted = [...languages].sort((a, b) => (a.id < b.id ? -1 : 1));
  const names = claim(sorted, "name", ({ id, aliases }) => [id, ...aliases]);
  const extensions = claim(sorted, "extension", (language) => language.extensions);
  const shebangs = claim(sorted, "shebang", (language) => language.shebangs);
  const judge0 = claim(sorted, "Judge0 id", (language) => language.judge0.map(String));
  const piston = claim(sorted, "Piston runtime", (language) =>
    language.piston.flatMap((runtime) =>
      runtime.versions.map((version) => `${runtime.language} ${version}`),
    ),
  );
  return {
    languages: sorted,
    names: sorted.map(({ id }) => id),
    byName: (name) => names.get(name.toLowerCase()),
    byExtension: (extension) => extensions.get(extension),
    byJudge0: (id) => judge0.get(String(id)),
    byPiston: (name, version) =>
      piston.get(`${name.toLowerCase()} ${version}`) ?? names.get(name.toLowerCase()),
    byShebang: (line) => findByShebang(line, (interpreter) => shebangs.get(interpreter)),
  };
}

/** What `find` has for the interpreter of a `#!` line, else for its name without a version. */
export function findByShebang<T>(
  line: string,
  find: (interpreter: string) => T | undefined,
): T | undefined {
  const interpreter = interpreterOf(line);
  if (interpreter === undefined) return undefined;
  return find(interpreter) ?? find(withoutVersion(interpreter));
}

function claim(
  languages: readonly LoadedLanguage[],
  what: string,
  keysOf: (language: LoadedLanguage) => readonly string[],
): ReadonlyMap<string, LoadedLanguage> {
  const owners = new Map<string, LoadedLanguage>();
  for (const language of languages) {
    for (const key of keysOf(language)) {
      const owner = owners.get(key);
      if (owner !== undefined) throw claimedTwice(what, key, owner, language);
      owners.set(key, language);
    }
  }
  return owners;
}

function claimedTwice(
  what: string,
  key: string,
  first: LoadedLanguage,
  second: LoadedLanguage,
): GloveboxError<"INVALID_CONFIG"> {
  const who =
    first.id === second.id ? `by \`${first.id}\`` : `by \`${first.id}\` and \`${second.id}\``;
  const message = `the ${what} \`${key}\` is claimed twice, ${who}`;
  return new GloveboxError("INVALID_CONFIG", `languages: ${message}. Remove one of them.`, {
    issues: [{ path: `languages.${second.id}`, message }],
  });
}

/**
 * The last path part of the interpreter: `python3` of `#!/usr/bin/python3 -u`, and of
 * `#!/usr/bin/env -S -i PYTHONPATH=lib python3 -u`, see env(1).
 */
function interpreterOf(line: string): string | undefined {
  if (!line.startsWith("#!")) return undefined;
  const [program, ...words] = line.slice(2).trim().split(/\s+/);
  const name = baseName(program);
  if (name !== "env") return name;
  return baseName(programOfEnv(words));
}

/** Options of env(1) whose value is the next word. */
const envOptionsWithValue = new Set(["-u", "--unset", "-C", "--chdir"]);

function programOfEnv(words: readonly string[]): string | undefined {
  let isValue = false;
  for (const word of words) {
    if (isValue) {
      isValue = false;
    } else if (word.startsWith("-S") && word.length > 2) {
      return word.slice(2);
    } else if (word.startsWith("--split-string=")) {
      return word.slice("--split-string=".length);
    } else if (word.startsWith("-")) {
      isValue = envOptionsWithValue.has(word);
    } else if (!word.includes("=")) {
      return word;
    }
  }
  return undefined;
}

function baseName(path: string | undefined): string | undefined {
  const name = path?.split("/").at(-1)?.toLowerCase();
  return name === "" ? undefined : name;
}

/** `python3.11` -> `python`, `gcc-12` -> `gcc`. */
function withoutVersion(interpreter: string): string {
  return interpreter.replace(/-?[0-9][0-9.]*$/, "");
}
