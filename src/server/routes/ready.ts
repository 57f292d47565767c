/**
 * @module
 * GET /ready: a sandbox really starts here. For load balancers: they may ask as often as they like.
 */
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ProbeReport } from "../../core/provider.ts";
import type { ServerOptions } from "../server-options.ts";

/** How long an answer holds, good or bad: a probe starts real sandboxes. */
const KEPT_MS = 10_000;
/** A provider's probe takes 5 s at most; on a busy machine a little longer. */
const PROBE_MS = 10_000;

const readyAnswerSchema = z.strictObject({ ready: z.literal(true), provider: z.string() });
const notReadyAnswerSchema = z.strictObject({ ready: z.literal(false), reason: z.string() });

type ReadyAnswer = z.infer<typeof readyAnswerSchema> | z.infer<typeof notReadyAnswerSchema>;

export interface ReadyOptions {
  readonly service: Pick<ServerOptions["service"], "probe">;
}

export function addReadyRoute(app: FastifyInstance, { service }: ReadyOptions): void {
  const readiness = createReadiness(async () => {
    try {
      return toAnswer(await service.probe());
    } catch (error) {
      app.log.error({ err: error }, "the probe failed");
      return notReady("The probe failed; the log has more.");
    }
  });
  app.addHook("preClose", async () => {
    readiness.stop();
  });
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "GET",
    url: "/ready",
    config: { access: "public" },
    schema: { response: { 200: readyAnswerSchema, 503: notReadyAnswerSchema } },
    handler: async (_request, reply) => {
      const answer = await readiness.ask();
      if (answer.ready) return answer;
      return reply
        .code(503)
        .header("retry-after", String(KEPT_MS / 1000))
        .send(answer);
    },
  });
}

function toAnswer({ available, provider, reason }: ProbeReport): ReadyAnswer {
  return available ? { ready: true, provider } : notReady(`${provider}: ${reason}`);
}

const notReady = (reason: string) => ({ ready: false, reason }) as const;

interface Readiness {
  /** All who ask share one probe, and its result for ten seconds after its end. */
  ask(): Promise<ReadyAnswer>;
  /** Answers those who wait. A probe that goes on has its own end. */
  stop(): void;
}

/** @param probe Does not throw. */
function createReadiness(probe: () => Promise<ReadyAnswer>): Readiness {
  let latest: Promise<ReadyAnswer> | undefined;
  let keptUntil = 0;
  let timer: NodeJS.Timeout | undefined;
  let answer: (readiness: ReadyAnswer) => void = () => undefined;

  const begin = (): Promise<ReadyAnswer> => {
    keptUntil = Infinity;
    // A probe that hangs must not keep those waiting who ask.
    timer = setTimeout(() => {
      answer(notReady(`No sandbox has started in ${PROBE_MS / 1000} s.`));
    }, PROBE_MS);
    void probe().then((result) => {
      clearTimeout(timer);
      answer(result);
      latest = Promise.resolve(result);
      keptUntil = performance.now() + KEPT_MS;
    });
    return new Promise((resolve) => {
      answer = resolve;
    });
  };
  return {
    ask: async () => {
      if (latest === undefined || performance.now() >= keptUntil) latest = begin();
      return latest;
    },
    stop: () => {
      clearTimeout(timer);
      answer(notReady("The server is stopping."));
    },
  };
}
