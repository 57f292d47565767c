/**
 * @module
 * All connections with a sandbox, so that a stopping server ends them.
 */
import type { FastifyInstance } from "fastify";
import { closeCodes } from "../../sandbox-protocol/peer.ts";
import { shuttingDown } from "../live-runs.ts";
import type { SandboxSession } from "./session.ts";

export interface OpenSessions {
  /** Lets it run to its end. */
  add(session: SandboxSession): void;
}

/** Makes `app.close()` end what is still open after the grace. */
export function createOpenSessions(app: FastifyInstance, graceMs: number): OpenSessions {
  const sessions = new Set<SandboxSession>();
  let timer: NodeJS.Timeout | undefined;
  const endAll = (): void => {
    for (const session of sessions) session.end(shuttingDown(), closeCodes.goingAway);
  };
  app.addHook("preClose", async () => {
    // Not waited for: the port is closed after this.
    timer = setTimeout(endAll, graceMs);
  });
  app.addHook("onClose", async () => {
    clearTimeout(timer);
  });
  return {
    add: (session) => {
      sessions.add(session);
      void session.serve().finally(() => sessions.delete(session));
    },
  };
}
