/**
 * @module
 * Which web pages may call: a browser sends a page's request whether or not the page may read the
 * answer, and running a program needs no answer.
 */
import cors from "@fastify/cors";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { GloveboxError } from "../core/errors.ts";
import { showText, showValue } from "../util/show-value.ts";

const PREFLIGHT_MAX_AGE_S = 600;

declare module "fastify" {
  interface FastifyContextConfig {
    /** Pages of any site may load it: it says nothing of this server, and does nothing. */
    readonly isForAnySite?: boolean;
  }
}

/** Pages of the server's own address may always call. */
export function allowOrigins(app: FastifyInstance, allowed: readonly string[]): void {
  app.addHook("onRequest", async (request) => {
    if (request.routeOptions.config.isForAnySite !== true) refuseForeignOrigin(request, allowed);
  });
  if (allowed.length === 0) return;
  void app.register(cors, {
    origin: allowed.includes("*") ? "*" : [...allowed],
    methods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
    exposedHeaders: ["retry-after", "idempotent-replayed", "link"],
    maxAge: PREFLIGHT_MAX_AGE_S,
  });
}

/** @throws {GloveboxError} `NOT_ALLOWED` */
function refuseForeignOrigin({ headers }: FastifyRequest, allowed: readonly string[]): void {
  const { origin, host = "" } = headers;
  if (origin === undefined) {
    // What a page embeds or links to comes without an origin, but with this, from any browser of today.
    if (headers["sec-fetch-site"] !== "cross-site" || isNavigation(headers)) return;
    if (allowed.includes("*")) return;
    throw notAllowed("another site");
  }
  if (allowed.includes("*") || allowed.includes(origin)) return;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw notAllowed(showValue(showText(origin)));
}

/** A link that was clicked: it starts nothing, since no page of ours does anything by being opened. */
const isNavigation = (headers: FastifyRequest["headers"]): boolean =>
  headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";

function notAllowed(from: string): GloveboxError<"NOT_ALLOWED"> {
  return new GloveboxError(
    "NOT_ALLOWED",
    `origin: web pages of ${from} may not call this server. Its operator can allow it, with server.corsOrigins in glovebox.yaml.`,
    { field: "origin" },
  );
}
