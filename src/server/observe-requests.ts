/**
 * @module
 * What is counted, traced and written down of each request.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ErrorCode } from "../core/errors.ts";
import type { Audit } from "../observe/audit.ts";
import type { History } from "../observe/history.ts";
import type { Metrics } from "../observe/metrics.ts";
import { parseTraceparent } from "../observe/traceparent.ts";
import type { Span, Tracer } from "../observe/tracer.ts";
import { countRequests } from "./routes/metrics.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Of the whole request; what is done for it is a part of it. */
    span: Span;
    /** Why it was refused, if it was. */
    refusal: ErrorCode | null;
  }
}

export interface Observers {
  readonly metrics: Metrics;
  readonly history: History;
  readonly audit: Audit;
  readonly tracer: Tracer;
}

/** Must be called before other hooks are added: what they refuse is observed, too. */
export function observeRequests(
  app: FastifyInstance,
  { metrics, audit, tracer }: Omit<Observers, "history">,
): void {
  countRequests(app, metrics);
  app.decorateRequest("span", null as unknown as Span);
  app.decorateRequest("refusal", null);
  app.addHook("onRequest", async (request, reply) => {
    const { method, headers, routeOptions } = request;
    // What the log and the audit log call it.
    void reply.header("x-request-id", request.id);
    const traceparent = headers["traceparent"];
    const parent = parseTraceparent(typeof traceparent === "string" ? traceparent : undefined);
    request.span = tracer.begin(`${method} ${routeOptions.url ?? "unknown"}`, { parent });
    reply.raw.once("close", () => {
      request.span.set({ status: reply.raw.statusCode });
      request.span.end();
      if (request.refusal === null) return;
      metrics.refused(request.refusal);
      audit.requestRefused(refusalOf(request, request.refusal));
    });
  });
}

function refusalOf(request: FastifyRequest, code: ErrorCode) {
  const { id: requestId, ip, method, routeOptions } = request;
  // Absent where it was refused before anybody asked who calls.
  const caller = request.caller as FastifyRequest["caller"] | null;
  const { url: route } = routeOptions;
  return {
    requestId,
    ip,
    code,
    method,
    ...(caller === null ? {} : { callerId: caller.id }),
    ...(route === undefined ? {} : { route }),
  };
}
