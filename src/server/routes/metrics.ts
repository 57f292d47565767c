/**
 * @module
 * GET /metrics: the counters of this server, for Prometheus.
 */
import type { FastifyInstance } from "fastify";
import type { Metrics } from "../../observe/metrics.ts";

export function addMetricsRoute(app: FastifyInstance, metrics: Metrics): void {
  app.route({
    method: "GET",
    url: "/metrics",
    config: { access: "admin" },
    handler: async (_request, reply) => {
      const { contentType, body } = await metrics.scrape();
      return reply.type(contentType).send(body);
    },
  });
}

/** Must be called before other hooks are added: what they refuse is counted, too. */
export function countRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook("onRequest", async (request, reply) => {
    const startedAt = performance.now();
    const isSocket = request.headers.upgrade?.toLowerCase() === "websocket";
    // Comes after `finish`, and also where a client goes away before it.
    reply.raw.once("close", () => {
      const { writableFinished, statusCode } = reply.raw;
      const { url } = request.routeOptions;
      metrics.requestEnded({
        ...(url === undefined ? {} : { route: url }),
        method: request.method,
        status: writableFinished ? statusCode : isSocket ? 101 : "aborted",
        elapsedMs: performance.now() - startedAt,
      });
    });
  });
}
