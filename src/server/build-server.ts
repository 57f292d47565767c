/**
 * @module
 * The HTTP door: Fastify with our rules for bodies, errors, hosts and stopping, and the routes.
 */
import { randomUUID } from "node:crypto";
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from "fastify";
import type { ServerConfig } from "../config/server-config.ts";
import { addAllRoutes, addWireRoutes, type PortWire } from "./add-routes.ts";
import { authenticate, requiresKeys } from "./authenticate.ts";
import { boundAnswers } from "./bound-answers.ts";
import { answerClientError } from "./client-error.ts";
import { sendError } from "./errors.ts";
import { createOutputHolds } from "./executions/hold-output.ts";
import { isLoopback, requireHost, requireLoopbackHost } from "./host-check.ts";
import { acceptOnlyJson } from "./json-body.ts";
import { createHeldRuns } from "./held-runs.ts";
import { createLiveRuns } from "./live-runs.ts";
import { limitRates } from "./limit-rates.ts";
import { addReference } from "./open-api/reference.ts";
import { observeRequests } from "./observe-requests.ts";
import { boundOpenAnswers, createOpenAnswers, type OpenAnswers } from "./open-answers.ts";
import { allowOrigins } from "./origin-check.ts";
import { prepareUsed } from "./prepare-used.ts";
import { serializerCompilerOf } from "./serialize.ts";
import type { ServedService, ServerContext, ServerOptions } from "./server-options.ts";
import { stopGracefully } from "./stop.ts";
import { answerUnknownRoutes } from "./unknown-route.ts";
import { validatorCompiler } from "./validate.ts";
import { acceptWebSockets } from "./web-socket.ts";
import { sendPistonError } from "./wires/piston/errors.ts";

/** Each holds a socket; what their bodies hold together is bounded by `bodyBudgetBytes`. */
const MAX_CONNECTIONS = 1024;
const HEADERS_TIMEOUT_MS = 15_000;
/** Longer than a usual proxy keeps its side, so that it never writes into a closing connection. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;

/**
 * Builds the server; `listen` opens its port. `close()` takes no new requests, gives runs the
 * configured grace, ends the rest, and leaves no connection.
 *
 * @param wire Served alone. Absent: everything.
 */
export function buildServer(options: ServerOptions, wire?: PortWire): FastifyInstance {
  const { config, logger, service } = options;
  const answers = createOpenAnswers();
  const app: FastifyInstance = createFastify(config, logger, answers);
  boundOpenAnswers(app, answers);
  observeRequests(app, options.observers);
  if (config.prepare === "used" && wire === undefined) prepareUsed(app, service);
  app.setErrorHandler(wire === "piston" ? sendPistonError : sendError);
  prepareFastify(app, options, answers);
  const heldRuns = createHeldRuns();
  const runs = createLiveRuns(heldRuns);
  stopGracefully(app, runs, {
    ms: config.server.shutdownGraceMs,
    cut: options.graceCut,
  });
  const outputHolds = createOutputHolds(options.executions, options.budgets.output);
  const context: ServerContext = { ...options, runs, heldRuns, outputHolds };
  if (wire === undefined) addReference(app, options);
  // Routes are added once the plug-ins are there: these notice routes as they come.
  void app.register(async (scope) => {
    if (wire === undefined) addAllRoutes(scope, context);
    else addWireRoutes(scope, context, wire);
  });
  if (wire === undefined && options.learnsVersions !== false) learnVersions(app, service);
  return app;
}

/** What holds for all requests, in the order in which they meet it. */
function prepareFastify(
  app: FastifyInstance,
  { config, keys, budgets, checksAnswers = false }: ServerOptions,
  answers: OpenAnswers,
): void {
  const { host, insecureNoAuth, corsOrigins } = config.server;
  const isRequired = requiresKeys(config);
  app.server.maxConnections = MAX_CONNECTIONS;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompilerOf(checksAnswers));
  ignoreExpectations(app);
  acceptOnlyJson(app, budgets.bodies);
  boundAnswers(app, {
    budget: budgets.answers,
    idleTimeoutMs: config.server.requestTimeoutMs,
  });
  app.addHook("onRequest", requireHost);
  // Who must show a key is no page that found a way here.
  if (isLoopback(host) && !insecureNoAuth && !isRequired) {
    app.addHook("onRequest", requireLoopbackHost);
  }
  allowOrigins(app, corsOrigins);
  answerUnknownRoutes(app);
  // Behind the answers to preflights, which come without a key.
  app.after(() => {
    authenticate(app, { findCaller: (secret) => keys.find(secret), isRequired });
    limitRates(app, keys);
    acceptWebSockets(app, answers);
  });
}

/** RFC 9110, 10.1.1, allows it; Node would refuse what it does not know, without a body. */
function ignoreExpectations({ server }: FastifyInstance): void {
  server.on("checkExpectation", (request, response) => {
    server.emit("request", request, response);
  });
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

function createFastify(
  config: ServerConfig,
  loggerInstance: FastifyBaseLogger,
  answers: OpenAnswers,
): FastifyInstance {
  const { bodyLimitBytes, requestTimeoutMs, trustedProxies } = config.server;
  return Fastify({
    loggerInstance,
    ...(trustedProxies.length === 0 ? {} : { trustProxy: [...trustedProxies] }),
    genReqId: () => randomUUID(),
    bodyLimit: bodyLimitBytes,
    // As the servers do whose clients come here: Judge0's documents write `/submissions/`.
    routerOptions: { ignoreTrailingSlash: true },
    // Time for a request to arrive. There is none for the answer: the run's wall time is that.
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: {
      // See `requireHost`.
      requireHostHeader: false,
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
      // Node only looks this often; its own 30 s would let a slow client have twice its time.
      connectionsCheckingInterval: Math.min(5000, Math.ceil(requestTimeoutMs / 2)),
    },
    // Answers of a stopping server have our shape, see `stopGracefully`.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      // No hook sees these; see `boundOpenAnswers` and `acceptWebSockets`.
      answers.add(request.raw.socket, reply.raw);
      if (request.headers.upgrade !== undefined)
        reply.raw.once("finish", () => request.raw.socket.destroySoon());
      void sendError(error, request, reply);
    },
    clientErrorHandler: (error, socket) => {
      answerClientError(error, socket, config);
    },
  });
}
