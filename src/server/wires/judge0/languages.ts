/**
 * @module
 * Judge0's languages: its ids stand for ours, and three of them for no language at all.
 */
import type { LoadedLanguage, Runtime } from "../../../core/language.ts";
import { expandArgv } from "../../../languages/argv.ts";
import { mainFileOf, namesFromCode } from "../../../languages/from-code.ts";
import type { LanguageIndex } from "../../../languages/index-languages.ts";
import { executableId, lastArchivedId, multiFileId, plainTextId } from "./special-ids.ts";

export interface Judge0Language {
  readonly id: number;
  readonly name: string;
  readonly is_archived: boolean;
  readonly source_file: string | null;
  /** For people; `%s` is where compiler options go. */
  readonly compile_cmd: string | null;
  readonly run_cmd: string | null;
}

/** What a submission with this id runs in; undefined: nothing. */
export function languageById(languages: LanguageIndex, id: number): LoadedLanguage | undefined {
  if (id <= lastArchivedId) return undefined;
  return Object.hasOwn(specials, id) ? languages.byName("bash") : languages.byJudge0(id);
}

/** All that there are, by name. Those that are not installed count as archived: none can be used. */
export function listLanguages(
  { languages }: LanguageIndex,
  runtimes: readonly Runtime[],
): readonly Judge0Language[] {
  const runtimeOf = (language: LoadedLanguage): Runtime | undefined =>
    runtimes.find(({ languageId }) => languageId === language.id);
  const rows = languages.flatMap((language) => {
    const runtime = runtimeOf(language);
    return language.judge0.map((id) => describeLanguage(id, language, runtime));
  });
  const bash = runtimes.some(({ languageId }) => languageId === "bash");
  const others = Object.entries(specials).map(([id, special]) => {
    return { ...special, id: Number(id), is_archived: !bash };
  });
  return [...rows, ...others].sort(byName);
}

const specials: Readonly<Record<string, Omit<Judge0Language, "id" | "is_archived">>> = {
  [plainTextId]: {
    name: "Plain Text",
    source_file: "text.txt",
    compile_cmd: null,
    run_cmd: "cat text.txt",
  },
  [executableId]: {
    name: "Executable",
    source_file: "a.out",
    compile_cmd: null,
    run_cmd: "chmod +x a.out && ./a.out",
  },
  [multiFileId]: {
    name: "Multi-file program",
    source_file: null,
    compile_cmd: null,
    run_cmd: null,
  },
};

/** Without a version: which one ran is not known afterwards. Null for an id that there is no more. */
export function languageName(languages: LanguageIndex, id: number): string | null {
  return specials[id]?.name ?? languages.byJudge0(id)?.title ?? null;
}

function byName(left: Judge0Language, right: Judge0Language): number {
  if (left.name === right.name) return left.id - right.id;
  return left.name < right.name ? -1 : 1;
}

function describeLanguage(
  id: number,
  language: LoadedLanguage,
  runtime: Runtime | undefined,
): Judge0Language {
  const { title, compile } = language;
  const entry = mainFileOf(language, Buffer.alloc(0));
  const names = { ...namesFromCode(language, entry, undefined), options: "%s" };
  const show = (words: readonly string[]): string =>
    expandArgv(words, { entry, files: [entry], extensions: language.extensions, names }).join(" ");
  return {
    id,
    name: withVersion(title, runtime?.version ?? null),
    is_archived: id <= lastArchivedId || runtime === undefined,
    source_file: entry,
    compile_cmd: compile === undefined ? null : compile.map(show).join(" && "),
    run_cmd: show(language.run),
  };
}

/** `Python (3.11.2)`, `C (GCC 12.2.0)`. */
function withVersion(title: string, version: string | null): string {
  if (version === null) return title;
  return title.endsWith(")") ? `${title.slice(0, -1)} ${version})` : `${title} (${version})`;
}
