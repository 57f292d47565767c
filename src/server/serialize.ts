/**
 * @module
 * From an answer to its JSON.
 */
import { isDeepStrictEqual } from "node:util";
import type { FastifySerializerCompiler } from "fastify/types/schema.js";
import { serializerCompiler as checkedCompiler } from "fastify-type-provider-zod";
import type { z } from "zod";

/** Routes that build each field of their answers by hand, and are asked many times a second. */
const trusted = new Set(["/v1/execute"]);

/**
 * An answer is what its schema says: what a handler hands on besides is left out. Only the trusted routes
 * answer with what they have built, since the check takes a tenth of the server's time for a run.
 *
 * @param checks Compares the answers of those with their schemas too, and fails where they differ: for tests.
 */
export function serializerCompilerOf(checks: boolean): FastifySerializerCompiler<z.ZodType> {
  return (route) => {
    const serialize = checkedCompiler(route);
    if (!trusted.has(route.url)) return serialize;
    if (!checks) return (answer) => JSON.stringify(answer);
    return (answer) => {
      const text = JSON.stringify(answer);
      if (isDeepStrictEqual(JSON.parse(serialize(answer)), JSON.parse(text))) return text;
      throw new Error(`${route.method} ${route.url}: the answer is not that of its schema`);
    };
  };
}
