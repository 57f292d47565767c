/**
 * @module
 * A server on a free port that gives sandboxes to clients, and nothing else.
 */
import Fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler } from "fastify-type-provider-zod";
import { loadConfig, type WrittenConfig } from "../../../src/config/load-config.ts";
import type { Caller } from "../../../src/core/caller.ts";
import type { Provider } from "../../../src/core/provider.ts";
import { indexLanguages } from "../../../src/languages/index-languages.ts";
import { authenticate } from "../../../src/server/authenticate.ts";
import { createBudgets } from "../../../src/server/budgets.ts";
import { sendError } from "../../../src/server/errors.ts";
import { addInfoRoute } from "../../../src/server/routes/info.ts";
import { addSandboxRoute } from "../../../src/server/routes/sandbox.ts";
import type { SessionTimes } from "../../../src/server/sandbox-socket/session.ts";
import { answerUnknownRoutes } from "../../../src/server/unknown-route.ts";
import { validatorCompiler } from "../../../src/server/validate.ts";
import { createOpenAnswers } from "../../../src/server/open-answers.ts";
import { acceptWebSockets } from "../../../src/server/web-socket.ts";
import { ExecutionService } from "../../../src/service/service.ts";

export interface SandboxServer extends AsyncDisposable {
  /** `http://127.0.0.1:41234` */
  readonly url: string;
  readonly app: FastifyInstance;
  readonly service: ExecutionService;
}

export interface SandboxServerOptions {
  readonly config?: WrittenConfig;
  readonly times?: SessionTimes;
  /** Whose key is `good`; absent: nobody needs one. */
  readonly caller?: Caller;
}

export async function startSandboxServer(
  provider: Provider,
  { config: overrides = {}, times, caller }: SandboxServerOptions = {},
): Promise<SandboxServer> {
  const { server = {}, ...rest } = overrides;
  const config = loadConfig({
    env: {},
    cwd: "/nonexistent",
    overrides: { server: { port: 0, shutdownGrace: "0s", ...(server as object) }, ...rest },
  });
  const service = new ExecutionService({
    provider,
    languages: indexLanguages([]),
    concurrency: config.concurrency,
    memoryBytes: config.memoryBytes,
    maxQueued: config.maxQueued,
    compileLimits: config.compile,
    ownNodePath: process.execPath,
  });
  const app = Fastify();
  app.setValidatorCompiler(validatorCompiler).setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(sendError);
  answerUnknownRoutes(app);
  authenticate(app, {
    findCaller: (secret) => (secret === "good" ? caller : undefined),
    isRequired: caller !== undefined,
  });
  acceptWebSockets(app, createOpenAnswers());
  await app.after();
  const none = (): Promise<void> => Promise.resolve();
  const keys = { charge: none, giveBack: none };
  const version = "1.2.3";
  const budgets = createBudgets(config.server.bodyBudgetBytes);
  addSandboxRoute(app, { service, keys, config, version, budgets, ...(times && { times }) });
  addInfoRoute(app, { service, config, version } as unknown as Parameters<typeof addInfoRoute>[1]);
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    url,
    app,
    service,
    async [Symbol.asyncDispose]() {
      await app.close();
      await service.close();
    },
  };
}
