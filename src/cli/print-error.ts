/**
 * @module
 * Failures as people see them on stderr: `glovebox: what failed. What to do.`
 */
import { inspect } from "node:util";
import { errorCatalog, isGloveboxError, type GloveboxError } from "../core/errors.ts";
import { escapeControls } from "./escape-controls.ts";
import { EXIT_OUR_FAILURE } from "./exit.ts";
import type { Verbosity } from "./run-options.ts";

export function exitCodeOfError(error: unknown): number {
  return isGloveboxError(error) ? errorCatalog[error.code].exitCode : EXIT_OUR_FAILURE;
}

/** The lines to print. `verbose` adds code, stack and causes. */
export function formatError(error: unknown, verbosity: Verbosity): string {
  const message = error instanceof Error ? error.message : String(error);
  const hint = isGloveboxError(error) ? hintOf(error) : internalHint;
  const lines = [`glovebox: ${escapeControls(joinSentences(message, hint))}`];
  if (verbosity === "verbose") lines.push(...traceOf(error));
  return lines.map((line) => `${line}\n`).join("");
}

/** For `--json`. */
export function errorDocument(error: unknown): Record<string, unknown> {
  const known = isGloveboxError(error);
  return {
    error: {
      code: known ? error.code : "INTERNAL",
      message: error instanceof Error ? error.message : String(error),
      details: known ? error.details : {},
    },
    exit_code: exitCodeOfError(error),
  };
}

const internalHint = "This is a fault of Glovebox: run it again with --verbose and report it.";

/** What to do, where the details say more than the message. */
function hintOf(error: GloveboxError): string {
  return "hint" in error.details ? error.details.hint : "";
}

function joinSentences(message: string, hint: string): string {
  if (hint === "" || message.includes(hint)) return message;
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`;
  return `${sentence} ${hint}`;
}

function traceOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const lines = isGloveboxError(error) ? [`  code: ${error.code}`] : [];
  lines.push(...(error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)));
  const { cause } = error;
  if (cause !== undefined) lines.push(`  cause: ${describeCause(cause)}`, ...traceOf(cause));
  return lines;
}

function describeCause(cause: unknown): string {
  return escapeControls(cause instanceof Error ? cause.message : inspect(cause));
}
