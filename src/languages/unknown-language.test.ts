import { expect, test } from "vitest";
import { languageNamed } from "../../test/helpers/language.ts";
import { indexLanguages } from "./index-languages.ts";
import { unknownLanguage } from "./unknown-language.ts";

const few = indexLanguages(["c", "go", "python", "javascript"].map((id) => languageNamed(id)));
const many = indexLanguages(
  Array.from({ length: 20 }, (_, index) => languageNamed(`language${index}x`)),
);

test.each([
  [few, "pyhton", "No. Did you mean `python`? `glovebox languages` lists all."],
  [few, "Javascrip", "No. Did you mean `javascript`? `glovebox languages` lists all."],
  [few, "gp", "No. Known: c, go, javascript, python."],
  [few, "", "No. Known: c, go, javascript, python."],
  [many, "ruby", "No. `glovebox languages` lists the 20 that are known."],
  [few, "x".repeat(10_000), "No. Known: c, go, javascript, python."],
])("row %#: %s says how to go on", (index, name, message) => {
  const error = unknownLanguage(index, name, "No.");
  expect(error).toMatchObject({ code: "UNKNOWN_LANGUAGE", message });
  expect(error.details).toEqual({ language: name.slice(0, 80), known: index.names });
});
