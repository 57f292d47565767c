/**
 * @module
 * Of a language's data: words and paths, and what lets its programs start sooner.
 */
import { z } from "zod";
import { parseFilePath } from "./file-path.ts";

export const relativePath = z.string().refine((path) => parseFilePath(path).ok, {
  error: "a relative path without empty, `.` or `..` parts",
});

/**
 * One word of a command line. In it `{entry}` is the path of the main file, `{name}` that path without
 * its extension, both relative to the workspace, and `{stem}` the last part of `{name}`; `{x}` is what
 * `fromCode` calls `x`. The word `{sources}` alone becomes all files of the program that have one of
 * the language's extensions, or of `sourceExtensions`, the main file first; `{others}` all of them but
 * the main file.
 */
const argvWord = z.string().min(1);
export const argv = z.array(argvWord).min(1);

const needs = z.int().min(1).optional();
export const limitNeeds = z
  .strictObject({
    wallTimeMs: needs,
    cpuTimeMs: needs,
    memoryBytes: needs,
    processes: needs,
    diskBytes: needs,
    openFiles: needs,
  })
  .default({});

/**
 * What is made once for all runs on the same compilers: precompiled headers, archives of classes. Nobody
 * has to make it: without it everything works, only slower.
 */
export const prepareSchema = z
  .strictObject({
    /** Put into the workspace of the sandbox that makes it. */
    files: z.array(z.strictObject({ path: relativePath, content: z.string() })).default([]),
    /**
     * They leave what is to be kept in `{prepared}`, which for them is a folder of the workspace. What one
     * with `stdout` prints is kept there under that name, and where it names `{prepared}`, it names the
     * folder in which it will be used.
     */
    commands: z.array(z.strictObject({ argv, stdout: relativePath.optional() })).min(1),
    limits: limitNeeds,
    /** Used instead, `env` added, where it was made; in them `{prepared}` is the folder, read-only. */
    compile: z.array(argv).min(1).optional(),
    /**
     * The same as the one command of `compile`, after a warm-up: started before there is a program, it stands
     * still where it first touches the program's file, see `warm`. For a program of one file.
     */
    ahead: argv.optional(),
    run: argv.optional(),
    env: z.record(z.string(), z.string()).default({}),
    /**
     * A quicker way, tried first for a program of one file without a match of `unless`. Where one of its
     * commands fails or says anything, `compile` follows as if nothing had been tried.
     */
    shortcut: z
      .strictObject({
        /** Regular expression that the file's path must match. Absent: any path. */
        path: z.string().optional(),
        unless: z.string(),
        compile: z.array(argv).min(1),
      })
      .optional(),
  })
  .refine(({ ahead, compile }) => ahead === undefined || compile?.length === 1, {
    path: ["ahead"],
    error: "stands for the one command of `compile`: there must be one command",
  });

/**
 * How a run may be started before its program is there: the command of `run` stands still where it first
 * touches the program's file, see native/park/park.h. Nobody has to do so: it is the same run, only sooner.
 */
export const warmSchema = z
  .strictObject({
    /**
     * `wait`: each run has a process of its own, which waits. `fork`: a run is a fork of one that stays,
     * for a runtime that at this point has one thread, and nothing drawn at random that it will use.
     */
    mode: z.enum(["wait", "fork"]),
    /**
     * `open`: at the first call that names the file. `read`: at the second read of it, for a runtime
     * that does most of its work between the two; `prelude` then puts the first byte right.
     */
    point: z.enum(["open", "read"]).default("open"),
    /** The file that it stands still at, as `run` names it. */
    entry: argvWord.default("{entry}"),
    /**
     * Regular expression over the whole content of that file, without flags: a match is run cold. Absent:
     * none is.
     */
    unless: z.string().optional(),
    /** What a template does at the point, before it is forked. Absent: nothing. */
    prelude: z
      .strictObject({
        /** The function of the runtime's interface in C that takes the text: `PyRun_String`. */
        evaluator: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/),
        /** The text, in the same folder. */
        file: relativePath,
      })
      .optional(),
    /**
     * A program in the same folder that does what programs do most: forks that nobody has asked for yet are
     * made ready for what it writes to. Absent: only for what the language's first program does.
     */
    usual: relativePath.optional(),
    /**
     * A variable that the command has until it stands still, where what `prepare` makes is there, which
     * `{prepared}` names. The program does not have it, nor what it starts.
     */
    env: z
      .strictObject({ name: z.string().regex(/^[A-Z][A-Z0-9_]*$/), value: z.string() })
      .optional(),
  })
  .refine(({ mode, prelude }) => mode === "fork" || prelude === undefined, {
    path: ["prelude"],
    error: "is for the mode `fork`",
  })
  .refine(
    ({ mode, point, usual }) => (mode === "fork" && point === "open") || usual === undefined,
    {
      path: ["usual"],
      error: "is for the mode `fork` at the point `open`",
    },
  )
  .refine(({ point, prelude }) => point === "open" || prelude !== undefined, {
    path: ["point"],
    error: "`read` needs a `prelude` that puts the first byte right",
  });
