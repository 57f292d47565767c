/**
 * @module
 * GET /v1/sandbox: a WebSocket that is one sandbox, see docs/providers-remote.md. Without an upgrade it
 * says what sandboxes there are.
 */
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { protocolVersion, sandboxPath } from "../../sandbox-protocol/bounds.ts";
import { sandboxOfferSchema, type SandboxOffer } from "../../sandbox-protocol/server-messages.ts";
import type { ExecutionService } from "../../service/service.ts";
import { boundsFor } from "../admission.ts";
import { knownError } from "../errors.ts";
import { aboutRun, type HeldRuns } from "../held-runs.ts";
import { charged } from "../run-now.ts";
import { refuseByKey, turnOf } from "../sandbox-socket/admit-sandbox.ts";
import { createOpenSessions } from "../sandbox-socket/open-sessions.ts";
import { SandboxSession, type SessionTimes } from "../sandbox-socket/session.ts";
import type { ServerOptions } from "../server-options.ts";

export interface SandboxRouteOptions extends Pick<
  ServerOptions,
  "config" | "version" | "graceCut" | "budgets"
> {
  readonly service: Pick<
    ExecutionService,
    "createSandbox" | "defaultProvider" | "defaultPrograms" | "slotStats"
  >;
  readonly keys: Pick<ServerOptions["keys"], "charge" | "giveBack">;
  readonly times?: SessionTimes;
  /** Absent: no administrator sees the sandboxes. */
  readonly heldRuns?: HeldRuns;
}

/** After `acceptWebSockets`. */
export function addSandboxRoute(app: FastifyInstance, options: SandboxRouteOptions): void {
  const { service, keys, config, version, times, budgets, heldRuns } = options;
  const { shutdownGraceMs } = config.server;
  const grace = { ms: shutdownGraceMs, cut: options.graceCut };
  const sessions = createOpenSessions(app, grace, heldRuns);
  const { defaultProvider: name, defaultPrograms } = service;
  const offer: SandboxOffer = {
    name: "glovebox",
    version,
    protocol: protocolVersion,
    provider: { name, programs: defaultPrograms === "image" ? "image" : "host" },
  };
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "GET",
    url: sandboxPath,
    schema: { response: { 200: sandboxOfferSchema } },
    preHandler: async ({ caller }) => {
      refuseByKey(caller, name);
    },
    handler: async () => offer,
    wsHandler: (socket, request) => {
      const { caller } = request;
      const session = new SandboxSession(socket, {
        config: boundsFor(caller, config),
        openShare: () => budgets.files.open(() => caller.id),
        // One execution of a day's, however many commands it serves.
        createSandbox: async (spec, signal) => {
          return charged(keys, caller, 1, async () =>
            service.createSandbox(spec, turnOf(caller, config), signal),
          );
        },
        othersWait: () => sessions.isStopping() || service.slotStats().isWanted,
        describe: (error) => {
          const known = knownError(error, request);
          if (known.code === "INTERNAL") request.log.error({ err: error }, known.message);
          return known;
        },
        times,
      });
      sessions.add(session, aboutRun(request, null));
    },
  });
}
