/**
 * @module
 * How many requests the key of a caller may send in a minute.
 */
import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { GloveboxError } from "../core/errors.ts";

const MINUTE_MS = 60_000;

/** Must be called after `authenticate`; callers without such a rule are not counted. */
export function limitRates(app: FastifyInstance): void {
  void app.register(rateLimit, {
    global: true,
    // After we know who calls, and before the body is read.
    hook: "preParsing",
    timeWindow: MINUTE_MS,
    keyGenerator: ({ caller }: FastifyRequest) => caller.id,
    max: ({ caller }: FastifyRequest) => caller.rules.requestsPerMinute ?? Infinity,
    allowList: ({ caller }: FastifyRequest) => caller.rules.requestsPerMinute === undefined,
    errorResponseBuilder: (_request, { max, ttl }) => rateLimited(max, ttl),
  });
}

function rateLimited(limit: number, retryAfterMs: number): GloveboxError<"RATE_LIMITED"> {
  const seconds = Math.ceil(retryAfterMs / 1000);
  return new GloveboxError(
    "RATE_LIMITED",
    `your key may send ${limit} requests a minute, and has. Try again in ${seconds} s.`,
    { limit, retryAfterMs },
  );
}
