/**
 * @module
 * The program that the words of `glovebox run`, or a package, name.
 */
import type { Readable } from "node:stream";
import type { LoadedLanguage } from "../core/language.ts";
import type { LanguageIndex } from "../languages/index-languages.ts";
import type { Program } from "../service/request.ts";

export interface ResolvedProgram {
  readonly program: Program;
  /** Absent for a command. */
  readonly language?: LoadedLanguage;
  readonly args: readonly string[];
  /** Where it starts; absent: in the workspace. */
  readonly cwd?: string;
  /** `used`: our stdin was the program's code and is at its end. */
  readonly stdin: "free" | "used";
}

/** What the program is looked for in. */
export interface Surroundings {
  readonly cwd: string;
  readonly home: string;
  readonly stdin: () => Readable | "empty";
  readonly languages: () => LanguageIndex;
}
