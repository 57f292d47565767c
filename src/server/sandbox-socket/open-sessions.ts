/**
 * @module
 * All connections with a sandbox, so that a stopping server ends them.
 */
import type { FastifyInstance } from "fastify";
import type { GloveboxError } from "../../core/errors.ts";
import { shuttingDown } from "../../service/executions/refusals.ts";
import type { HeldRuns } from "../held-runs.ts";
import { afterGrace, type Grace } from "../stop.ts";
import type { SandboxSession } from "./session.ts";

export interface OpenSessions {
  /** Lets it run to its end. @param about Absent: no administrator sees it. */
  add(session: SandboxSession, about?: Parameters<HeldRuns["add"]>[0]): void;
  /** Whether who waits for the ends of all of them waits for the grace to be over. */
  isStopping(): boolean;
}

/** Makes `app.close()` end what is still open after the grace. */
export function createOpenSessions(
  app: FastifyInstance,
  grace: Grace,
  held?: HeldRuns,
): OpenSessions {
  const sessions = new Set<SandboxSession>();
  let isStopping = false;
  app.addHook("preClose", async () => {
    isStopping = true;
  });
  afterGrace(app, grace, () => {
    for (const session of sessions) session.end(shuttingDown());
  });
  return {
    isStopping: () => isStopping,
    add: (session, about) => {
      sessions.add(session);
      const end = (reason: GloveboxError): void => {
        session.end(reason);
      };
      const removeHeld = about && held?.add(about, end);
      void session.serve().finally(() => {
        sessions.delete(session);
        removeHeld?.();
      });
    },
  };
}
