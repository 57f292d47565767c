/**
 * @module
 * Data: how a kind of program is named, compiled and run. One folder in `languages/` each.
 */
import { z } from "zod";
import { parseFilePath } from "./file-path.ts";
import { imageForm, isImageName } from "./image.ts";

const word = z
  .string()
  .regex(/^[a-z0-9][a-z0-9+#._-]*$/, "lower case letters, digits and + # . _ -");
const relativePath = z.string().refine((path) => parseFilePath(path).ok, {
  error: "a relative path without empty, `.` or `..` parts",
});

/**
 * One word of a command line. In it `{entry}` is the path of the main file and `{name}` that path
 * without its extension, both relative to the workspace. The word `{sources}` alone becomes all
 * files of the program that have one of the language's extensions, the main file first.
 */
const argvWord = z.string().min(1);

const testSchema = z.strictObject({
  name: z.string().min(1),
  /** Files of the program; the first is the main file. */
  files: z.array(z.strictObject({ path: relativePath, content: z.string() })).min(1),
  stdin: z.string().default(""),
  args: z.array(z.string()).default([]),
  expect: z.strictObject({
    /** Exact bytes. Absent: not looked at. */
    stdout: z.string().optional(),
    /** A piece of the phase's stderr. Absent: not looked at. */
    stderrIncludes: z.string().optional(),
    exitCode: z.int().min(0).max(255).default(0),
    /** The phase in which the program ends. */
    phase: z.enum(["compile", "run"]).default("run"),
  }),
});

/** Schema of `languages/<id>/language.yaml`. */
export const languageSchema = z.strictObject({
  /** What the API answers with; the folder's name. */
  id: word,
  /** What people read. */
  title: z.string().min(1),
  /** Other names that callers may use, without upper case: names are compared in lower case. */
  aliases: z.array(word).default([]),
  /** With the dot, most usual first. */
  extensions: z.array(z.string().regex(/^\.[A-Za-z0-9+_]+$/)).min(1),
  /** Last path part of the interpreter in a `#!` line, without version digits. */
  shebangs: z.array(word).default([]),
  /** Where code without a file name is written. */
  mainFile: relativePath,
  /** Absent: the language is not compiled ahead. */
  compile: z.array(argvWord).min(1).optional(),
  run: z.array(argvWord).min(1),
  /** Added to the sandbox's own environment. */
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).default({}),
  version: z.strictObject({
    argv: z.array(argvWord).min(1),
    /** Regular expression over stdout and stderr; group 1 is the version. */
    pattern: z.string(),
  }),
  install: z.strictObject({
    /** Debian packages that bring the runtime. */
    debian: z.array(word).min(1),
  }),
  image: z.strictObject({
    /** The OCI image that brings the runtime: `python:3`. */
    name: z.string().refine(isImageName, { error: imageForm }),
    /** A file in the same folder that builds it, with no other file to copy. Absent: it is pulled. */
    dockerfile: relativePath.optional(),
  }),
  /**
   * The program is the Node that runs Glovebox, where the host has none in its system folders.
   * `command` is the word of `run`, `compile` and `version.argv` that it stands for.
   */
  fallbackToOwnNode: z.strictObject({ command: word }).optional(),
  /** A first program, in the same folder. */
  hello: relativePath,
  tests: z.array(testSchema).min(1),
});

export type Language = z.infer<typeof languageSchema>;
export type LanguageTest = z.infer<typeof testSchema>;

/** A language and the source text of its first program. */
export interface LoadedLanguage extends Language {
  readonly helloCode: string;
  /** Text of `image.dockerfile`. */
  readonly dockerfileText?: string;
}

/** One installed version of a language on a provider. */
export interface Runtime {
  readonly languageId: string;
  /** `3.11.2`; null where the runtime did not say. */
  readonly version: string | null;
}
