/**
 * @module
 * GET /connect: a WebSocket that follows one run, and feeds it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { readerPatience } from "../../../service/reader-patience.ts";
import type { ExecutionReport } from "../../../service/request.ts";
import { boundsFor } from "../../admission.ts";
import { knownError } from "../../errors.ts";
import { admitFor, charged } from "../../run-now.ts";
import type { ServerContext } from "../../server-options.ts";
import { readBody } from "./body.ts";
import { notFound, pistonText } from "./errors.ts";
import { findInstalled, keyNames } from "./installed.ts";
import { toJob } from "./job.ts";
import type { PistonTimes } from "./limits.ts";
import { createLiveJob } from "./live-job.ts";
import { languagesNamed } from "./runtimes.ts";
import { serveSession, type JobHooks } from "./session.ts";

/** Who asked, and the response that closes with the connection. */
interface Asked {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export function addConnectRoute(
  scope: FastifyInstance,
  context: ServerContext,
  times: PistonTimes,
): void {
  const replies = new WeakMap<FastifyRequest, FastifyReply>();
  scope.route({
    method: "GET",
    url: "/connect",
    config: { keyNames },
    preHandler: async (request, reply) => void replies.set(request, reply),
    handler: async ({ method, url }) => {
      throw notFound(method, url);
    },
    wsHandler: (socket, request) => {
      const reply = replies.get(request);
      if (reply === undefined) throw new Error("a WebSocket without a response");
      serveSession(socket, {
        run: async (init, hooks) => runLive(context, { request, reply }, init, hooks, times),
        hold: (bytes) => {
          request.bodyShare.take(bytes);
        },
        describe: (error) => describe(error, request),
      });
    },
  });
}

/** Resolves when all is told, and also where the client is gone. */
async function runLive(
  context: ServerContext,
  { request, reply }: Asked,
  init: unknown,
  hooks: JobHooks,
  times: PistonTimes,
): Promise<void> {
  const { config, keys, runs, service } = context;
  const body = readBody(init, config.server.maxFiles);
  const named = languagesNamed(service.languages.languages, body.language);
  const runtimes = await findInstalled(context, reply, named);
  if (runtimes === undefined) return;
  const bounds = boundsFor(request.caller, config);
  const job = toJob(body, { runtimes, bounds, times });
  const { request: admitted } = admitFor(context, request, job.body);
  const patience = readerPatience(admitted.limits);
  const send = async (message: object): Promise<void> => {
    await patience.waitFor(hooks.send(message));
  };
  const live = createLiveJob(job.runtime, send, hooks.begun);
  const run = async (signal: AbortSignal): Promise<ExecutionReport> =>
    service.run({ ...admitted, stdin: hooks.stdin }, live, signal, (control) => {
      hooks.onControl((name) => {
        control.kill(name);
      });
      live.begin();
    });
  await runs.during(reply, async (signal) => {
    const either = AbortSignal.any([signal, hooks.signal]);
    const report = await charged(keys, request.caller, 1, async () => run(either));
    signal.throwIfAborted();
    live.finish(report);
  });
}

function describe(error: unknown, request: FastifyRequest): string {
  const known = knownError(error, request);
  if (known.code === "INTERNAL") request.log.error({ err: error }, known.message);
  return pistonText(known);
}
