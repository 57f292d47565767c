import { fileURLToPath } from "node:url";
import { randomUUID } from "node:crypto";
import Fastify from "fastify";
import { loadConfig, type WrittenConfig } from "../../src/config/load-config.ts";
import { indexLanguages } from "../../src/languages/index-languages.ts";
import { loadLanguages } from "../../src/languages/load.ts";
import { createProcessProvider } from "../../src/providers/process/index.ts";
import { authenticate } from "../../src/server/authenticate.ts";
import { sendError } from "../../src/server/errors.ts";
import { acceptOnlyJson } from "../../src/server/json-body.ts";
import { listen } from "../../src/server/listen.ts";
import { createLiveRuns } from "../../src/server/live-runs.ts";
import { stopGracefully } from "../../src/server/stop.ts";
import { answerUnknownRoutes } from "../../src/server/unknown-route.ts";
import { validatorCompiler } from "../../src/server/validate.ts";
import { acceptWebSockets } from "../../src/server/web-socket.ts";
import { addPistonRoot, addPistonRoutes } from "../../src/server/wires/piston/routes.ts";
import { ExecutionService } from "../../src/service/service.ts";

const languagesFolder = fileURLToPath(new URL("../../languages", import.meta.url));

export async function startServer(overrides: WrittenConfig = {}) {
  const config = loadConfig({
    env: {}, cwd: "/nonexistent",
    overrides: { provider: "process", allowUnsafeProcess: true, server: { port: 0, shutdownGrace: "0s" }, ...overrides },
  });
  const service = new ExecutionService({
    provider: createProcessProvider(),
    languages: indexLanguages(await loadLanguages(languagesFolder)),
    concurrency: config.concurrency, memoryBytes: config.memoryBytes, maxQueued: config.maxQueued,
    compileLimits: config.compile, ownNodePath: process.execPath,
  } as never);
  const lines: string[] = [];
  const app = Fastify({ genReqId: () => randomUUID(), logger: { level: "info", stream: { write: (l: string) => void lines.push(l) } } });
  app.setValidatorCompiler(validatorCompiler);
  app.setErrorHandler(sendError);
  acceptOnlyJson(app, config.server.bodyBudgetBytes);
  answerUnknownRoutes(app);
  authenticate(app, { isRequired: false } as never);
  app.decorateRequest("span", null as never);
  app.addHook("onRequest", async (request) => { request.span = { reference: undefined, set: () => undefined, end: () => undefined } as never; });
  acceptWebSockets(app);
  const runs = createLiveRuns();
  stopGracefully(app, runs, 0);
  void app.register(async (scope) => {
    const context = { service, config, runs, version: "1", keys: { charge: async () => undefined, find: () => undefined } } as never;
    addPistonRoutes(scope, context);
    addPistonRoot(scope);
  });
  const url = await listen(app, config, false);
  void service.runtimes(new AbortController().signal).catch(() => undefined);
  return {
    app, service, url, port: Number(new URL(url).port), log: () => lines.join(""),
    async [Symbol.asyncDispose]() { await app.close(); await service.close(); },
  };
}
