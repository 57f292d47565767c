/**
 * @module
 * What execve(2) can carry as arguments and environment.
 */
import type { Issue } from "../core/errors.ts";
import { showValue } from "../util/show-value.ts";
import { formatPath } from "../util/zod-issues.ts";
import { MAX_ENV } from "./schemas.ts";

/** All arguments and variables together. Linux takes 128 KiB for one (MAX_ARG_STRLEN), at least. */
const MAX_TOTAL_BYTES = 128 * 1024;
const MAX_NAME_BYTES = 256;

export function argumentIssues(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  field = "args",
): readonly Issue[] {
  const issues: Issue[] = [];
  const check = (path: string, value: string): void => {
    const message = findFault(value);
    if (message !== undefined) issues.push({ path, message: `${message}: ${showValue(value)}` });
  };
  args.forEach((arg, index) => {
    check(`${field}[${index}]`, arg);
  });
  const names = Object.keys(env);
  if (names.length > MAX_ENV) {
    issues.push({ path: "env", message: `has ${names.length} variables, more than ${MAX_ENV}` });
  }
  for (const [name, value] of Object.entries(env)) {
    const path = formatPath(["env", name], "");
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name.length > MAX_NAME_BYTES) {
      const message = `the name must be at most ${MAX_NAME_BYTES} letters, digits and _, not beginning with a digit`;
      issues.push({ path, message });
    }
    check(path, value);
  }
  const bytes = totalBytes(args, env);
  if (bytes > MAX_TOTAL_BYTES) {
    const path = args.length > 0 ? field : "env";
    const message = `${field} and env together have ${bytes} bytes, more than ${MAX_TOTAL_BYTES}`;
    issues.push({ path, message });
  }
  return issues;
}

function findFault(value: string): string | undefined {
  if (value.includes("\0")) return "has a NUL, which ends an argument";
  return value.isWellFormed() ? undefined : "is not well-formed Unicode";
}

/** As the kernel counts: each ends with a NUL, and a variable has `=`. */
function totalBytes(args: readonly string[], env: Readonly<Record<string, string>>): number {
  const ofArgs = args.reduce((sum, arg) => sum + Buffer.byteLength(arg) + 1, 0);
  return Object.entries(env).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value) + 2,
    ofArgs,
  );
}
