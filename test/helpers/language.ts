/**
 * @module
 * A language that says no more than it must, for tests of what is done with languages.
 */
import type { LoadedLanguage } from "../../src/core/language.ts";

export const languageNamed = (id: string, parts: Partial<LoadedLanguage> = {}): LoadedLanguage => ({
  id,
  title: id,
  aliases: [],
  extensions: [`.${id}`],
  shebangs: [],
  fromCode: [],
  mainFile: `main.${id}`,
  run: [id, "{entry}"],
  sourceExtensions: [],
  env: {},
  hostPaths: [],
  limits: {},
  judge0: [],
  piston: [],
  lacks: {},
  version: { argv: [id], pattern: "(.*)" },
  install: { debian: [id] },
  image: { name: "image:1" },
  hello: `hello.${id}`,
  helloCode: "",
  highlight: null,
  helloStdin: "",
  tests: [],
  ...parts,
});
