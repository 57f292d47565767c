/**
 * @module
 * The HTTP door: Fastify with our rules for bodies, errors, hosts and stopping, and the routes.
 */
import { randomUUID } from "node:crypto";
import Fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler } from "fastify-type-provider-zod";
import type { ServerConfig } from "../config/server-config.ts";
import { boundAnswers } from "./bound-answers.ts";
import { answerClientError } from "./client-error.ts";
import { sendError } from "./errors.ts";
import { isLoopback, requireLoopbackHost } from "./host-check.ts";
import { acceptOnlyJson } from "./json-body.ts";
import { createLiveRuns } from "./live-runs.ts";
import { prepareUsed } from "./prepare-used.ts";
import { addExecuteRoute } from "./routes/execute.ts";
import { addHealthRoute } from "./routes/health.ts";
import { addInfoRoute } from "./routes/info.ts";
import { addLanguagesRoute } from "./routes/languages.ts";
import type { ServedService, ServerOptions } from "./server-options.ts";
import { stopGracefully } from "./stop.ts";
import { answerUnknownRoutes } from "./unknown-route.ts";
import { validatorCompiler } from "./validate.ts";
import { addIsoboxRoutes } from "./wires/seeds/isobox.ts";

/** Each holds a socket; what their bodies hold together is bounded by `bodyBudgetBytes`. */
const MAX_CONNECTIONS = 1024;
const HEADERS_TIMEOUT_MS = 15_000;
/** Longer than a usual proxy keeps its side, so that it never writes into a closing connection. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;

/**
 * Builds the server; `listen` opens its port. `close()` takes no new requests, gives runs the
 * configured grace, ends the rest, and leaves no connection.
 */
export function buildServer(given: ServerOptions): FastifyInstance {
  const { config, log } = given;
  const app: FastifyInstance = createFastify(config, log);
  const service = config.prepare === "used" ? prepareUsed(app, given.service) : given.service;
  const options = { ...given, service };
  app.server.maxConnections = MAX_CONNECTIONS;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(sendError);
  acceptOnlyJson(app, config.server.bodyBudgetBytes);
  boundAnswers(app, {
    budgetBytes: config.server.bodyBudgetBytes,
    idleTimeoutMs: config.server.requestTimeoutMs,
  });
  answerUnknownRoutes(app);
  if (isLoopback(config.server.host) && !config.server.insecureNoAuth) {
    app.addHook("onRequest", requireLoopbackHost);
  }

  const runs = createLiveRuns();
  stopGracefully(app, runs, config.server.shutdownGraceMs);
  addExecuteRoute(app, options, runs);
  addLanguagesRoute(app, options, runs);
  addInfoRoute(app, options);
  addHealthRoute(app, options);
  addIsoboxRoutes(app, options, runs);
  learnVersions(app, service);
  return app;
}

/** Asks for the versions of the runtimes as soon as the port is open: answers of runs name them. */
function learnVersions(app: FastifyInstance, service: ServedService): void {
  const closing = new AbortController();
  app.addHook("onListen", async () => {
    service.runtimes(closing.signal).catch((error: unknown) => {
      if (!closing.signal.aborted)
        app.log.warn({ err: error }, "cannot tell the runtimes' versions");
    });
  });
  app.addHook("preClose", async () => {
    closing.abort();
  });
}

function createFastify(config: ServerConfig, log: ServerOptions["log"]): FastifyInstance {
  const { bodyLimitBytes, requestTimeoutMs } = config.server;
  return Fastify({
    logger: { level: config.logLevel, stream: log },
    genReqId: () => randomUUID(),
    bodyLimit: bodyLimitBytes,
    // Time for a request to arrive. There is none for the answer: the run's wall time is that.
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: {
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
      // Node only looks this often; its own 30 s would let a slow client have twice its time.
      connectionsCheckingInterval: Math.min(5000, Math.ceil(requestTimeoutMs / 2)),
    },
    // Answers of a stopping server have our shape, see `stopGracefully`.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      void sendError(error, request, reply);
    },
    clientErrorHandler: (error, socket) => {
      answerClientError(error, socket, config);
    },
  });
}
