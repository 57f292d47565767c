/**
 * @module
 * How many requests the key of a caller may send in a minute.
 */
import rateLimit, { type FastifyRateLimitStore } from "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { GloveboxError } from "../core/errors.ts";
import { rateWindowMs, type Keys } from "../service/keys.ts";

/** Must be called after `authenticate`; callers without such a rule are not counted. */
export function limitRates(app: FastifyInstance, { rateWindows }: Pick<Keys, "rateWindows">): void {
  void app.register(rateLimit, {
    global: true,
    // After we know who calls, and before the body is read.
    hook: "preParsing",
    timeWindow: rateWindowMs,
    keyGenerator: ({ caller }: FastifyRequest) => caller.id,
    max: ({ caller }: FastifyRequest) => caller.rules.requestsPerMinute ?? Infinity,
    allowList: ({ caller }: FastifyRequest) => caller.rules.requestsPerMinute === undefined,
    errorResponseBuilder: (_request, { max, ttl }) => rateLimited(max, ttl),
    store: storeIn(rateWindows),
  });
}

/** The plug-in's own goes by the wall clock: where that is set back, it would lock callers out. */
function storeIn(windows: Keys["rateWindows"]): new () => FastifyRateLimitStore {
  return class RateStore implements FastifyRateLimitStore {
    incr(
      callerId: string,
      callback: (error: Error | null, result?: { current: number; ttl: number }) => void,
    ): void {
      const now = performance.now();
      let window = windows.get(callerId);
      if (window === undefined || now - window.startedAtMs >= rateWindowMs) {
        window = { startedAtMs: now, requests: 0 };
        windows.set(callerId, window);
      }
      window.requests += 1;
      callback(null, { current: window.requests, ttl: rateWindowMs - (now - window.startedAtMs) });
    }

    child(): FastifyRateLimitStore {
      return this;
    }
  };
}

function rateLimited(limit: number, retryAfterMs: number): GloveboxError<"RATE_LIMITED"> {
  const seconds = Math.ceil(retryAfterMs / 1000);
  return new GloveboxError(
    "RATE_LIMITED",
    `your key may send ${limit} requests a minute, and has. Try again in ${seconds} s.`,
    { limit, retryAfterMs: Math.ceil(retryAfterMs) },
  );
}
