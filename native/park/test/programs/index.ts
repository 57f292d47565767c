/**
 * @module
 * What each language runs.
 */
import { javascript } from "./javascript.ts";
import { lua } from "./lua.ts";
import { perl } from "./perl.ts";
import { php } from "./php.ts";
import type { Program } from "./program.ts";
import { pythonImports } from "./python-imports.ts";
import { python } from "./python.ts";
import { ruby } from "./ruby.ts";
import { scheme, tcl } from "./small.ts";
import { bash, shell } from "./shell.ts";

/** By the language's id. */
export const programs: Readonly<Record<string, readonly Program[]>> = {
  python: [...python, ...pythonImports],
  ruby,
  perl,
  php,
  bash,
  sh: shell,
  lua,
  javascript,
  tcl,
  scheme,
};
