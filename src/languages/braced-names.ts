/**
 * @module
 * Checks the names in braces, `{entry}` and its like, in the words of a language's data. A misspelt one
 * would be a word of the command line, and only show where a compiler chokes on it.
 */
import type { Issue } from "../core/errors.ts";
import type { Language } from "../core/language.ts";

/** Words of one place in the data, and the names that are put in there. */
interface Place {
  readonly path: string;
  readonly words: readonly string[];
  readonly known: readonly string[];
  /** Names of several words, which must be a word of their own. */
  readonly alone?: readonly string[];
}

/** Shells' `${x}`, Go's `{{x}}` and awk's `{ x }` are none. */
const bracedName = /(?<![{$])\{([a-z]+)\}(?!\})/g;

/** The first name that nothing is put in for, as a person should read of it; undefined: all are known. */
export function bracedNameFault(language: Language): Issue | undefined {
  for (const place of placesOf(language)) {
    for (const word of place.words) {
      for (const [shown, name = ""] of word.matchAll(bracedName)) {
        const message = faultOf(shown, name, word, place);
        if (message !== undefined) return { path: place.path, message };
      }
    }
  }
  return undefined;
}

function faultOf(
  shown: string,
  name: string,
  word: string,
  { known, alone = [] }: Place,
): string | undefined {
  if (known.includes(name)) return undefined;
  if (alone.includes(name)) {
    if (word === shown) return undefined;
    return `${shown} must be a word of its own, not a part of ${JSON.stringify(word)}`;
  }
  const names = [...known, ...alone].map((each) => `{${each}}`).join(", ");
  return `${shown} is unknown; there are ${names === "" ? "none" : names}`;
}

function placesOf({ mainFile, fromCode, run, compile, prepare, warm }: Language): readonly Place[] {
  const found = fromCode.map(({ name }) => name);
  const ofPath = ["entry", "name", "stem"];
  const alone = ["sources", "others"];
  const inProgram = { known: [...ofPath, ...found], alone };
  const inPrepared = { known: [...ofPath, ...found, "prepared"], alone };
  const compileOnly = ["options", ...alone];
  const list = (path: string, commands: readonly (readonly string[])[] = []) =>
    commands.map((words, at) => ({ path: `${path}[${at}]`, words }));
  const made = list(
    "prepare.commands",
    prepare?.commands.map(({ argv }) => argv),
  );
  const usedInstead = [
    { path: "prepare.run", words: prepare?.run ?? [] },
    { path: "prepare.ahead", words: prepare?.ahead ?? [] },
    ...list("prepare.shortcut.compile", prepare?.shortcut?.compile),
  ];
  return [
    { path: "mainFile", words: [mainFile], known: found },
    ...list(
      "fromCode",
      fromCode.map(({ otherwise }) => [otherwise]),
    ).map(({ path, words }) => {
      return { path: `${path}.otherwise`, words, known: ofPath };
    }),
    { path: "run", words: run, ...inProgram },
    ...list("compile", compile).map((place) => ({ ...place, ...inProgram, alone: compileOnly })),
    ...list("prepare.compile", prepare?.compile).map((place) => {
      return { ...place, ...inPrepared, alone: compileOnly };
    }),
    ...made.map(({ path, words }) => ({ path: `${path}.argv`, words, known: ["prepared"] })),
    { path: "prepare.env", words: Object.values(prepare?.env ?? {}), known: ["prepared"] },
    ...usedInstead.map((place) => ({ ...place, ...inPrepared })),
    { path: "warm.entry", words: [warm?.entry ?? ""], ...inProgram },
    { path: "warm.env.value", words: [warm?.env?.value ?? ""], known: ["prepared"] },
  ];
}
