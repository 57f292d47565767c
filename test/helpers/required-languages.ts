/**
 * @module
 * The languages that a host may be required to have.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isRequired } from "./require.ts";

/** Those of required-languages.txt where `GLOVEBOX_REQUIRE` has the word `languages`, else none. */
export function requiredLanguages(): ReadonlySet<string> {
  if (!isRequired("languages")) return new Set();
  const text = readFileSync(join(import.meta.dirname, "../required-languages.txt"), "utf8");
  return new Set(text.split("\n").filter((line) => line !== "" && !line.startsWith("#")));
}
