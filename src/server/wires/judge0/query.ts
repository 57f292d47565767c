/**
 * @module
 * The query of a request, of which the last value of a name counts, as Rails has it.
 */
import type { FastifyRequest } from "fastify";

export function queryText({ query }: FastifyRequest, name: string): string | undefined {
  const value = (query as Readonly<Record<string, unknown>> | undefined)?.[name];
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  return typeof last === "string" ? last : undefined;
}

export function queryIsTrue(request: FastifyRequest, name: string): boolean {
  return queryText(request, name) === "true";
}

/** As Ruby's `to_i`: 0 where it does not begin with a number. Absent: `otherwise`. */
export function queryNumber(request: FastifyRequest, name: string, otherwise: number): number {
  const text = queryText(request, name);
  if (text === undefined) return otherwise;
  const [digits = "0"] = /^\s*[+-]?\d{1,15}/.exec(text) ?? [];
  return Number(digits);
}
