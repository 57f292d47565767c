/**
 * @module
 * GET /auth/status and GET /admin/dedup/stats of isobox: what its operators' scripts look at.
 */
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { anonymousCaller } from "../../../core/caller.ts";
import { requiresKeys } from "../../authenticate.ts";
import type { ServerContext } from "../../server-options.ts";

const authAnswerSchema = z.strictObject({
  authenticated: z.boolean(),
  auth_enabled: z.boolean(),
  auth_type: z.enum(["apikey", "none"]),
  message: z.string(),
});

const dedupAnswerSchema = z.strictObject({ dedup_enabled: z.boolean(), message: z.string() });

export function addIsoboxStatusRoutes(app: FastifyInstance, { config }: ServerContext): void {
  const isEnabled = requiresKeys(config);
  const typed = app.withTypeProvider<ZodTypeProvider>();
  typed.route({
    method: "GET",
    url: "/auth/status",
    config: { access: "public" },
    schema: { response: { 200: authAnswerSchema } },
    handler: async ({ caller }) => ({
      authenticated: caller.id !== anonymousCaller.id,
      auth_enabled: isEnabled,
      auth_type: isEnabled ? ("apikey" as const) : ("none" as const),
      message: "Authentication status endpoint",
    }),
  });
  typed.route({
    method: "GET",
    url: "/admin/dedup/stats",
    config: { access: "public" },
    schema: { response: { 200: dedupAnswerSchema } },
    handler: async () => ({
      dedup_enabled: false,
      // isobox's own words, which its clients get from isobox as well: it never did this.
      message: "Deduplication not implemented in simplified version",
    }),
  });
}
