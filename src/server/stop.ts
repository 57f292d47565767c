/**
 * @module
 * How the server stops: nothing new, a grace for what runs, then an end for all of it.
 */
import type { FastifyInstance } from "fastify";
import { shuttingDown } from "../service/executions/refusals.ts";
import type { LiveRuns } from "./live-runs.ts";

/** What a client gets to read an answer that is already written, after all runs have ended. */
const LINGER_MS = 1000;

export interface Grace {
  readonly ms: number;
  /** Ends it early. */
  readonly cut: AbortSignal | undefined;
}

/** Calls `end` when the grace of a server that begins to stop is over, unless it has stopped by then. */
export function afterGrace(app: FastifyInstance, { ms, cut }: Grace, end: () => void): void {
  let timer: NodeJS.Timeout | undefined;
  cut?.addEventListener("abort", end, { once: true });
  app.addHook("preClose", async () => {
    // Not waited for: the port is closed after this.
    timer = setTimeout(end, cut?.aborted === true ? 0 : ms);
  });
  app.addHook("onClose", async () => {
    clearTimeout(timer);
  });
}

/** Makes `app.close()` take at most the grace, the end of the runs, and a second. */
export function stopGracefully(app: FastifyInstance, runs: LiveRuns, grace: Grace): void {
  let state: "open" | "stopping" | "closed" = "open";
  let timer: NodeJS.Timeout | undefined;

  app.addHook("onRequest", async (_request, reply) => {
    if (state === "open") return;
    void reply.header("connection", "close");
    throw shuttingDown();
  });

  // Fastify closes the port only after these hooks, so they start the clock and do not wait.
  app.addHook("preClose", async () => {
    state = "stopping";
    runs.refuseNew();
    void runs.idle().then(linger);
  });

  afterGrace(app, grace, () => {
    runs.abortAll();
  });

  app.addHook("onClose", async () => {
    state = "closed";
    clearTimeout(timer);
  });

  const linger = (): void => {
    if (state === "closed") return;
    // A request that never ends arriving would hold the server open without this.
    timer = setTimeout(() => {
      app.server.closeAllConnections();
    }, LINGER_MS);
  };
}
