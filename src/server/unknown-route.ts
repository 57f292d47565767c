/**
 * @module
 * Tells an unknown path (404) from a known path with another method (405 with `Allow`).
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { GloveboxError } from "../core/errors.ts";
import { showText } from "../util/show-value.ts";

/** Must be called before the routes are added: it learns them as they come. */
export function answerUnknownRoutes(app: FastifyInstance): void {
  const methodsByRoute = new Map<string, Set<string>>();
  app.addHook("onRoute", ({ url, method }) => {
    const methods = methodsByRoute.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    methodsByRoute.set(url, methods);
  });
  const refuse = (request: FastifyRequest): never => {
    const [path = ""] = request.url.split("?");
    const allowed = [...methodsByRoute]
      .filter(([route]) => routeMatches(route, path.replace(/(?<=.)\/$/, "")))
      .flatMap(([, methods]) => [...methods]);
    throw allowed.length === 0
      ? notFound(showText(request.method), showText(path))
      : methodNotAllowed(showText(request.method), allowed);
  };
  // Before the body is read: nobody needs it.
  app.addHook("onRequest", async (request) => {
    if (request.is404) refuse(request);
  });
  app.setNotFoundHandler(refuse);
}

function notFound(method: string, path: string): GloveboxError<"NOT_FOUND"> {
  const message = `no endpoint ${method} ${path}. GET /v1/languages and POST /v1/execute are good starts.`;
  return new GloveboxError("NOT_FOUND", message, { method, path });
}

function methodNotAllowed(
  method: string,
  allowed: readonly string[],
): GloveboxError<"METHOD_NOT_ALLOWED"> {
  const message = `${method} is not possible here; use ${allowed.join(" or ")}`;
  return new GloveboxError("METHOD_NOT_ALLOWED", message, { method, allowed });
}

/** A part `:id` of a route stands for any one part of a path, which has no slash at its end. */
function routeMatches(route: string, path: string): boolean {
  const routeParts = route.split("/");
  const pathParts = path.split("/");
  if (routeParts.length !== pathParts.length) return false;
  return routeParts.every((part, index) => part.startsWith(":") || part === pathParts[index]);
}
