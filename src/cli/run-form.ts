/**
 * @module
 * Which of the three forms of `glovebox run` was written.
 */
import { GloveboxError, invalidRequest } from "../core/errors.ts";
import type { Package } from "../packages/package.ts";

export type RunForm =
  /** `run [options] FILE [ARGS…]`; FILE may be `-`. */
  | {
      readonly kind: "file";
      readonly file: string;
      /** How its user calls it, where that is something else. */
      readonly written?: string;
      readonly args: readonly string[];
    }
  /** `run [options] -l LANG -c CODE [ARGS…]`. */
  | {
      readonly kind: "code";
      readonly code: string;
      readonly language: string;
      readonly args: readonly string[];
    }
  /** `run [options] -- CMD [ARGS…]`. */
  | { readonly kind: "command"; readonly argv: readonly string[] }
  /** What the flags can't say of an approved package; the rest they do. */
  | { readonly kind: "package"; readonly package: Package; readonly args: readonly string[] };

interface RunWords {
  /** All words of the command line. */
  readonly argv: readonly string[];
  /** The last words of `argv`: those that are neither flags nor their values, nor a `--` before them. */
  readonly operands: readonly string[];
  readonly language: string | undefined;
  readonly code: string | undefined;
}

/** @throws {GloveboxError} `INVALID_REQUEST` where the words fit no form. */
export function chooseRunForm({ argv, operands, language, code }: RunWords): RunForm {
  if (code !== undefined) {
    if (language === undefined) {
      throw invalidRequest("--code", "needs its language. Add `-l LANG`, as `-l python`.");
    }
    return { kind: "code", code, language, args: operands };
  }
  if (startsWithDashes(argv, operands)) return commandForm(operands, language);
  const [file, ...args] = operands;
  if (file === undefined) {
    throw usageError(
      "nothing to run",
      "Write `glovebox run FILE`, `glovebox run -l LANG -c CODE` or `glovebox run -- CMD`.",
    );
  }
  if (file === "-" && language === undefined) {
    throw invalidRequest("FILE", "code from stdin (`-`) needs its language. Add `-l LANG`.");
  }
  return { kind: "file", file, args };
}

function commandForm(argv: readonly string[], language: string | undefined): RunForm {
  if (language !== undefined) {
    throw invalidRequest(
      "--language",
      `\`${language}\` can't be used with \`-- CMD\`. Leave it out, or write FILE without \`--\`.`,
    );
  }
  if (argv.length === 0) throw usageError("no command after `--`", "Write `glovebox run -- CMD`.");
  return { kind: "command", argv };
}

/** The parser drops the `--` in front of the operands, and the operands end the command line. */
function startsWithDashes(argv: readonly string[], operands: readonly string[]): boolean {
  return argv[argv.length - operands.length - 1] === "--";
}

function usageError(message: string, hint: string): GloveboxError {
  return new GloveboxError("INVALID_REQUEST", `${message}. ${hint}`, {
    issues: [{ path: "FILE", message }],
  });
}
