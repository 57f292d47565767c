import { expect, test } from "vitest";
import type { LoadedLanguage } from "../core/language.ts";
import { indexLanguages } from "../languages/index-languages.ts";
import { languageNamed } from "../../test/helpers/language.ts";
import { allTargets, findTargets } from "./image-targets.ts";

const language = (id: string, image: string, dockerfileText?: string): LoadedLanguage =>
  languageNamed(id, {
    aliases: [`${id}-alias`],
    image: { name: image },
    ...(dockerfileText === undefined ? {} : { dockerfileText }),
  });

const index = indexLanguages([
  language("c", "gcc:14"),
  language("cpp", "gcc:14"),
  language("mine", "glovebox/mine", "FROM scratch"),
]);
const all = allTargets(index.languages, "debian:stable-slim");

test("an image of two languages is one, and commands have theirs", () => {
  expect(all).toEqual([
    { image: "gcc:14", languages: ["c", "cpp"], dockerfile: undefined },
    { image: "glovebox/mine", languages: ["mine"], dockerfile: "FROM scratch" },
    { image: "debian:stable-slim", languages: [], dockerfile: undefined },
  ]);
});

test("a word is a language, by any of its names, or an image with its tag", () => {
  const words = ["C-alias", "cpp", "mine", "glovebox/mine", "alpine:3", "ghcr.io/acme/tool"];
  expect(findTargets(words, index, all).map(({ image, languages }) => [image, languages])).toEqual([
    ["gcc:14", ["c", "cpp"]],
    ["glovebox/mine", ["mine"]],
    ["alpine:3", []],
    ["ghcr.io/acme/tool", []],
  ]);
});

test.each([
  ["UPPER:1", "upper:1"],
  ["ghcr.io/Acme/Tool:V1", "ghcr.io/acme/tool:V1"],
  ["localhost:5000/Acme/tool:V1", "localhost:5000/acme/tool:V1"],
])("of %s the capitals are told to be wrong", (word, small) => {
  expect(() => findTargets([word], index, all)).toThrow(
    `LANG: \`${word}\`: an image's name has no capitals, but for its tag. Write \`${small}\`.`,
  );
});

test.each(["pyhton", "", "a b:1", "-x"])("%j is neither", (word) => {
  expect(() => findTargets([word], index, all)).toThrow(
    /no language is called .*NAME:TAG\. (Known: c, cpp, mine|Did you mean)/,
  );
});
