/**
 * @module
 * POST /v1/shares, GET and DELETE /v1/shares/ID: programs behind links.
 */
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { anonymousCaller } from "../../core/caller.ts";
import { GloveboxError } from "../../core/errors.ts";
import { holderOf } from "../../util/address-class.ts";
import { showValue } from "../../util/show-value.ts";
import { admit } from "../admission.ts";
import type { ServerContext } from "../server-options.ts";
import { createHourlyBound } from "./hourly.ts";
import {
  openedShareSchema,
  shareAnswerSchema,
  shareBodySchema,
  shareParams,
  type ShareBody,
} from "./schemas.ts";

export function addShareRoutes(app: FastifyInstance, context: ServerContext): void {
  const { config } = context;
  if (!config.shares.enabled) return;
  const hourly = createHourlyBound(config.shares.perHour);
  const routes = app.withTypeProvider<ZodTypeProvider>();
  routes.route({
    method: "POST",
    url: "/v1/shares",
    schema: { body: shareBodySchema(config), response: { 201: shareAnswerSchema } },
    handler: async (request, reply) => {
      const answer = await makeShare(context, request, request.body, hourly);
      return reply.code(201).header("cache-control", "no-store").send(answer);
    },
  });
  routes.route({
    method: "GET",
    url: "/v1/shares/:id",
    // Whoever has the link may read it.
    config: { access: "public" },
    schema: { params: shareParams, response: { 200: openedShareSchema(config) } },
    handler: async (request, reply) => {
      void reply.header("cache-control", "no-store").header("x-content-type-options", "nosniff");
      return openShare(context, request.params.id);
    },
  });
  routes.route({
    method: "DELETE",
    url: "/v1/shares/:id",
    // Whoever has its own key needs no other.
    config: { access: "public" },
    schema: { params: shareParams },
    handler: async (request, reply) => {
      await removeShare(context, request, request.params.id);
      return reply.code(204).send();
    },
  });
}

async function makeShare(
  { config, shares, service }: ServerContext,
  request: FastifyRequest,
  body: ShareBody,
  hourly: ReturnType<typeof createHourlyBound>,
) {
  const { title = null, forked_from: forkedFrom = null, ...program } = body;
  // All that would be refused when it is run.
  const { languages, defaultProvider } = service;
  admit(program, request.caller, { languages, config, defaultProvider });
  const text = JSON.stringify(program);
  const { maxBytes, maxTotalBytes, maxAgeMs, perHour } = config.shares;
  if (Buffer.byteLength(text) > maxBytes) throw tooLarge(maxBytes);
  const waitMs = hourly.take(whoMakes(request));
  if (waitMs !== undefined) throw tooMany(perHour, waitMs);
  const now = Date.now();
  const made = await shares.create({
    ...{ program: text, title, forkedFrom, now, maxTotalBytes },
    callerId: request.caller.id,
  });
  if (made === undefined) throw noRoom(maxTotalBytes);
  return {
    id: made.id,
    created_at: new Date(now).toISOString(),
    expires_at: new Date(now + maxAgeMs).toISOString(),
    delete_key: made.deleteKey,
    path: `/s/${made.id}`,
  };
}

/** Where nobody has a key, people are told apart by their address. */
function whoMakes({ caller, ip }: FastifyRequest): string {
  return caller.id === anonymousCaller.id ? `address ${holderOf(ip)}` : `key ${caller.id}`;
}

function openShare({ config, shares }: ServerContext, id: string) {
  const now = Date.now();
  const share = shares.open(id, now);
  const { maxAgeMs } = config.shares;
  // Housekeeping may not have come to it yet.
  if (share === undefined || now - share.openedAtMs > maxAgeMs) throw notFound(id);
  return {
    id: share.id,
    title: share.title,
    created_at: new Date(share.createdAtMs).toISOString(),
    expires_at: new Date(now + maxAgeMs).toISOString(),
    forked_from: share.forkedFrom,
    program: JSON.parse(share.program) as Omit<ShareBody, "title" | "forked_from">,
  };
}

async function removeShare(
  { shares, keys }: ServerContext,
  request: FastifyRequest,
  id: string,
): Promise<void> {
  const { caller, headers } = request;
  const isKnown = caller.id !== anonymousCaller.id && keys.names([caller.id]).size > 0;
  const deleteKey = headers["share-delete-key"];
  const result = await shares.remove(id, {
    deleteKey: typeof deleteKey === "string" ? deleteKey : undefined,
    callerId: isKnown ? caller.id : undefined,
    isAdmin: isKnown && caller.scopes.includes("admin"),
  });
  if (result === "not-found") throw notFound(id);
  if (result === "not-allowed") throw notAllowed();
}

function notFound(shareId: string): GloveboxError<"SHARE_NOT_FOUND"> {
  return new GloveboxError(
    "SHARE_NOT_FOUND",
    `there is no program behind ${showValue(shareId)}: it was removed, or nobody opened it for long.`,
    { shareId },
  );
}

function notAllowed(): GloveboxError<"NOT_ALLOWED"> {
  return new GloveboxError(
    "NOT_ALLOWED",
    "share-delete-key: this is not the key that was told when the link was made.",
    { field: "share-delete-key" },
  );
}

function tooLarge(maxBytes: number): GloveboxError<"BODY_TOO_LARGE"> {
  return new GloveboxError(
    "BODY_TOO_LARGE",
    `files: a program behind a link may have ${maxBytes} bytes as JSON, and this one has more.`,
    { maxBytes },
  );
}

function tooMany(limit: number, waitMs: number): GloveboxError<"RATE_LIMITED"> {
  const minutes = Math.ceil(waitMs / 60_000);
  return new GloveboxError(
    "RATE_LIMITED",
    `you may make ${limit} links an hour, and have. Try again in ${minutes} min.`,
    { limit, retryAfterMs: Math.ceil(waitMs) },
  );
}

function noRoom(limit: number): GloveboxError<"CAPACITY_EXHAUSTED"> {
  return new GloveboxError(
    "CAPACITY_EXHAUSTED",
    `this server keeps ${limit} bytes of shared programs, and has no room for another. Its operator can allow more, with shares.maxTotal in glovebox.yaml.`,
    { limit },
  );
}
