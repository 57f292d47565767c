/**
 * @module
 * The HTTP interfaces of the projects that Glovebox grew from: isobox, QuickTry and codecanvas.
 */
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../../server-options.ts";
import { addCodecanvasRoutes } from "./codecanvas.ts";
import { addIsoboxRoutes } from "./isobox.ts";
import { addQuicktryRoutes } from "./quicktry.ts";

export function addSeedRoutes(app: FastifyInstance, context: ServerContext): void {
  addIsoboxRoutes(app, context);
  addQuicktryRoutes(app, context);
  addCodecanvasRoutes(app, context);
}
