/**
 * @module
 * GET /v1/info: what this server allows, and what really holds on its host.
 */
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { ProbeReport } from "../../core/provider.ts";
import { enforcementToJson } from "../../service/report-json.ts";
import { limitsToJson } from "../field-names.ts";
import { infoAnswerSchema } from "../schemas.ts";
import type { ServerOptions } from "../server-options.ts";

export function addInfoRoute(
  app: FastifyInstance,
  { service, otherProviders = [], config, version }: ServerOptions,
): void {
  const probe = probeOnce(async () => service.probe());
  const otherProbes = otherProviders.map((provider) => probeOnce(() => provider.probe()));
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "GET",
    url: "/v1/info",
    schema: { response: { 200: infoAnswerSchema } },
    handler: async () => {
      const [report, ...others] = await Promise.all([
        probe(),
        ...otherProbes.map((probeOther) => probeOther()),
      ]);
      return {
        name: "glovebox",
        version,
        provider: { name: report.provider, available: report.available, reason: report.reason },
        providers: [report, ...others].map(providerToJson),
        images: { allowed: [...config.images.allowed] },
        limits: {
          default: limitsToJson(config.limits.default),
          max: limitsToJson(config.limits.max),
        },
        network: { allowed: [...config.network.allowed] },
        permissions: {
          files: config.permissions.files,
          ask_timeout_ms: config.permissions.askTimeoutMs,
          always: config.permissions.always,
        },
        enforcement: enforcementToJson(report.enforcement),
      };
    },
  });
}

const providerToJson = ({ provider, available, reason, facts }: ProbeReport) => ({
  name: provider,
  available,
  reason,
  facts: facts.map(([name, text]) => ({ name, text })),
});

/**
 * A probe builds real sandboxes, and anybody may ask for it: callers share one, and a good result is
 * kept. What fails today may be mended tomorrow, so a bad one is asked for again.
 */
function probeOnce(probe: () => Promise<ProbeReport>): () => Promise<ProbeReport> {
  let latest: Promise<ProbeReport> | undefined;
  const forget = (): void => {
    latest = undefined;
  };
  return async () => {
    latest ??= probe();
    const current = latest;
    const report = await current.catch((error: unknown) => {
      forget();
      throw error;
    });
    if (!report.available && latest === current) forget();
    return report;
  };
}
