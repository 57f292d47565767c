/**
 * @module
 * Checks bodies with the zod schemas of the routes, and says what is wrong in our own words.
 */
import type { FastifySchemaCompiler } from "fastify";
import type { z } from "zod";
import type { Issue } from "../core/errors.ts";
import { parseWith } from "../util/zod-issues.ts";
import { MAX_ARGS, MAX_ENV } from "./schemas.ts";
import { invalidBody } from "./to-request.ts";

/** The error is the answer's: Fastify hands it to the error handler as it is. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart = "request" }) =>
  (input: unknown) => {
    const result = parseWith(schema, input, httpPart);
    return result.ok ? { value: result.value } : { error: invalidBody(result.issues) };
  };

/**
 * Refuses collections that are far too large before zod walks them: it makes a record for each
 * element that is wrong, and the bounds of JSON itself leave room for a hundred thousand.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function refuseFloods(body: unknown, maxFiles: number): void {
  if (typeof body !== "object" || body === null) return;
  const { files, args, env } = body as Partial<Record<string, unknown>>;
  const issues: Issue[] = [];
  const bound = (path: string, count: number, max: number): void => {
    if (count > max) issues.push({ path, message: `has ${count} elements, more than ${max}` });
  };
  if (Array.isArray(files)) bound("files", files.length, maxFiles);
  if (Array.isArray(args)) bound("args", args.length, MAX_ARGS);
  if (typeof env === "object" && env !== null) {
    bound("env", Object.keys(env).length, MAX_ENV);
    // A key that JSON.parse makes an ordinary property; zod's records drop it without a word.
    if (Object.hasOwn(env, "__proto__")) {
      issues.push({ path: "env.__proto__", message: "is not a name for a variable" });
    }
  }
  if (issues.length > 0) throw invalidBody(issues);
}
