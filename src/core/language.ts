/**
 * @module
 * Data: how a kind of program is named, compiled and run. One folder in `languages/` each.
 */
import { z } from "zod";
import { imageForm, isImageName } from "./image.ts";
import { argv, limitNeeds, prepareSchema, relativePath, warmSchema } from "./language-start.ts";

const word = z
  .string()
  .regex(/^[a-z0-9][a-z0-9+#._-]*$/, "lower case letters, digits and + # . _ -");

const extension = z.string().regex(/^\.[A-Za-z0-9+_]+$/);

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
    /** A piece of both streams of the phase, for what differs between versions. */
    outputIncludes: z.string().optional(),
    exitCode: z.int().min(0).max(255).default(0),
    /** The phase in which the program ends. */
    phase: z.enum(["compile", "run"]).default("run"),
  }),
});

/** A name that is found in the code of the main file. */
const fromCodeSchema = z.strictObject({
  name: z.string().regex(/^[a-z]+$/),
  /**
   * Regular expressions over the first 16 KiB, flags `mu`, tried in this order: group 1 of the first that
   * matches is the value. It is put into a command line and into a path: the group may match word
   * characters, `$`, `.` and `'` only.
   */
  patterns: z.array(z.string()).min(1),
  /** With `$1` for what was found. */
  value: z.string().default("$1"),
  /** Where nothing matches; may hold `{entry}`, `{name}` and `{stem}`. */
  otherwise: z.string(),
  case: z.enum(["kept", "lower"]).default("kept"),
});

/** What a language's programs can't do, with the reason, for people. */
const lacksSchema = z.strictObject({
  /** Arguments of the caller: they are refused. */
  args: z.string().min(1).optional(),
  stdin: z.string().min(1).optional(),
  /** An end with another exit code than 0. */
  failure: z.string().min(1).optional(),
});

/** `deno@^2`, `@scope/name@1.2.3`: never what npm takes for a file, a folder, a repository or a URL. */
const npmPackage = z
  .string()
  .regex(
    /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*@[\^~<>=]*[0-9][A-Za-z0-9.*+-]*$/,
    "a package of npm and a range of its versions: deno@^2",
  );

const installSchema = z
  .strictObject({
    /** Debian packages that bring the runtime. */
    debian: z.array(word).default([]),
    /**
     * Packages of npm that bring it, and need no install script. What they call programs is found in a
     * sandbox by its name; a program that one of them has in a package for this machine alone, as most
     * that are no JavaScript have, is started itself, without npm's wrapper.
     */
    npm: z.array(npmPackage).min(1).optional(),
  })
  .refine(({ debian, npm }) => debian.length > 0 || npm !== undefined, {
    error: "must have packages: `debian` or `npm`",
  });

/** Schema of `languages/<id>/language.yaml`. */
export const languageSchema = z.strictObject({
  /** What the API answers with; the folder's name. */
  id: word,
  /** What people read. */
  title: z.string().min(1),
  /** Other names that callers may use, without upper case: names are compared in lower case. */
  aliases: z.array(word).default([]),
  /** With the dot, most usual first; none where all that it takes are another language's by name. */
  extensions: z.array(extension),
  /** Further ones that its compiler takes, but that are another language's by name. */
  sourceExtensions: z.array(extension).default([]),
  /** Last path part of the interpreter in a `#!` line, without version digits. */
  shebangs: z.array(word).default([]),
  /** Names that the code gives, for the words of command lines and for `mainFile`. */
  fromCode: z.array(fromCodeSchema).default([]),
  /** Where code without a file name is written: `main.py`, `{class}.java`. */
  mainFile: z.string().min(1),
  /** Commands, one after the other while they succeed. Absent: the language is not compiled ahead. */
  compile: z.array(argv).min(1).optional(),
  run: argv,
  /** Added to the sandbox's own environment. */
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).default({}),
  /** The least with which its compiler and runtime work: a caller who names no limit gets no less. */
  limits: limitNeeds,
  /**
   * Files and folders of the host outside `/usr` without which the runtime fails, shown read-only where
   * they are there. Never one in which an administrator keeps a secret.
   */
  hostPaths: z.array(z.string().regex(/^\/(etc|var\/lib)(\/[A-Za-z0-9+._-]+)+$/)).default([]),
  prepare: prepareSchema.optional(),
  warm: warmSchema.optional(),
  version: z.strictObject({
    /**
     * Fails where the language is not there. Where its program comes with others too, one word is the
     * absolute path of a file that this one alone brings.
     */
    argv,
    /** What the command reads. */
    stdin: z.string().optional(),
    /** Regular expression over stdout and stderr; group 1 is the version. */
    pattern: z.string(),
  }),
  install: installSchema,
  /** Absent: an image that is made from Debian's and the packages of `install`. */
  image: z
    .strictObject({
      /** The OCI image that brings the runtime: `python:3`. */
      name: z.string().refine(isImageName, { error: imageForm }),
      /** A file in the same folder that builds it, with no other file to copy. Absent: it is pulled. */
      dockerfile: relativePath.optional(),
    })
    .optional(),
  /**
   * The program is the Node that runs Glovebox, where the host has none in its system folders.
   * `command` is the word of `run`, `compile` and `version.argv` that it stands for.
   */
  fallbackToOwnNode: z.strictObject({ command: word }).optional(),
  /** Ids of Judge0's languages that it answers to. */
  judge0: z.array(z.int().min(1)).default([]),
  /** Names and versions of Piston's runtimes that it answers to. */
  piston: z
    .array(z.strictObject({ language: word, versions: z.array(z.string()).min(1) }))
    .default([]),
  /**
   * The editor's mode: a name of `@codemirror/language-data`, that of the language or of one with much
   * the same syntax. In the data `none` says that there is no such mode: null.
   */
  highlight: z
    .string()
    .min(1)
    .transform((name) => (name === "none" ? null : name)),
  lacks: lacksSchema.default({}),
  /** A first program, in the same folder. */
  hello: relativePath,
  /** What the first program reads, for a language that does nothing without input. */
  helloStdin: z.string().default(""),
  tests: z.array(testSchema).min(1),
});

export type Language = z.infer<typeof languageSchema>;
export type LanguageTest = z.infer<typeof testSchema>;

/** A language as the program uses it. */
export interface LoadedLanguage extends Omit<Language, "image"> {
  /** The source text of its first program. */
  readonly helloCode: string;
  readonly image: { readonly name: string };
  /** The text that the image is built from; absent: it is pulled. */
  readonly dockerfileText?: string;
  /** The text of `warm.prelude.file`; absent where there is none. */
  readonly preludeText?: string;
  /** The text of `warm.usual`; absent where there is none. */
  readonly usualCode?: string;
}

/** One installed version of a language on a provider. */
export interface Runtime {
  readonly languageId: string;
  /** `3.11.2`; null where the runtime did not say. */
  readonly version: string | null;
  /** The image that it is in; absent: on the host. */
  readonly image?: string;
}
