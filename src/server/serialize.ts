/**
 * @module
 * From an answer to its JSON.
 */
import { isDeepStrictEqual } from "node:util";
import type { FastifySerializerCompiler } from "fastify/types/schema.js";
import { serializerCompiler as checkedCompiler } from "fastify-type-provider-zod";
import type { z } from "zod";

/**
 * What a handler may answer is checked when it is compiled, against the type of its schema.
 *
 * @param checks Compares each answer with its schema too, and fails where it would be another: for tests.
 */
export function serializerCompilerOf(checks: boolean): FastifySerializerCompiler<z.ZodType> {
  if (!checks) return () => (answer) => JSON.stringify(answer);
  return (route) => {
    const serialize = checkedCompiler(route);
    return (answer) => {
      const text = JSON.stringify(answer);
      if (isDeepStrictEqual(JSON.parse(serialize(answer)), JSON.parse(text))) return text;
      throw new Error(`${route.method} ${route.url}: the answer has more than its schema`);
    };
  };
}
