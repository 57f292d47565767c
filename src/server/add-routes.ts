/**
 * @module
 * Which routes a server has: all, or those of one wire alone, at its root.
 */
import type { FastifyInstance } from "fastify";
import type { WireName } from "../config/server-config.ts";
import { addAdminRoutes } from "./admin/routes.ts";
import { addAskRoutes } from "./asks/routes.ts";
import { addAttachRoute } from "./executions/attach.ts";
import { addEventsRoute } from "./executions/events.ts";
import { addManageRoutes } from "./executions/manage.ts";
import { addSubmitRoutes } from "./executions/submit.ts";
import { addPage } from "./page/add-page.ts";
import { addExecuteRoute } from "./routes/execute.ts";
import { addShareRoutes } from "./shares/routes.ts";
import { addHealthRoute } from "./routes/health.ts";
import { addInfoRoute } from "./routes/info.ts";
import { addLanguagesRoute } from "./routes/languages.ts";
import { addMetricsRoute } from "./routes/metrics.ts";
import { addReadyRoute } from "./routes/ready.ts";
import { addSandboxRoute } from "./routes/sandbox.ts";
import type { ServerContext } from "./server-options.ts";
import { addJudge0Home, addJudge0Routes } from "./wires/judge0/routes.ts";
import { addPistonRoot, addPistonRoutes } from "./wires/piston/routes.ts";
import { addSeedRoutes } from "./wires/seeds/seeds.ts";

/** A wire that can have a port of its own. */
export type PortWire = Exclude<WireName, "seeds">;

export function addAllRoutes(app: FastifyInstance, context: ServerContext): void {
  addExecuteRoute(app, context);
  addSubmitRoutes(app, context);
  addManageRoutes(app, context);
  addEventsRoute(app, context);
  addAttachRoute(app, context);
  addAskRoutes(app, context);
  addShareRoutes(app, context);
  addAdminRoutes(app, context);
  addSandboxRoute(app, context);
  addLanguagesRoute(app, context);
  addInfoRoute(app, context);
  addHealthRoute(app, context);
  addReadyRoute(app, context);
  addMetricsRoute(app, context.observers.metrics);
  addPage(app);
  const { enabled } = context.config.wires;
  if (enabled.includes("seeds")) addSeedRoutes(app, context);
  if (enabled.includes("piston")) addPistonRoutes(app, context);
  if (enabled.includes("judge0")) {
    const add = async (scope: FastifyInstance): Promise<void> => {
      addJudge0Routes(scope, context);
    };
    void app.register(add, { prefix: "/judge0" });
  }
}

export function addWireRoutes(app: FastifyInstance, context: ServerContext, wire: PortWire): void {
  addHealthRoute(app, context);
  switch (wire) {
    case "judge0":
      addJudge0Home(app);
      addJudge0Routes(app, context);
      break;
    case "piston":
      addPistonRoot(app);
      addPistonRoutes(app, context);
      break;
  }
}
