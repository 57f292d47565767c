/**
 * @module
 * What runs, or waits to, while somebody holds a connection open for it: requests that are answered at
 * the end, and sandboxes of GET /v1/sandbox. For administrators, who end them.
 */
import { randomUUID } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { GloveboxError } from "../core/errors.ts";

export interface HeldRun {
  readonly id: string;
  /** `POST /v1/execute` */
  readonly route: string;
  readonly callerId: string;
  /** Id of a language; null where it is not known. */
  readonly language: string | null;
  readonly begunAt: Date;
}

export interface HeldRuns {
  /** @returns To be called when it is over. */
  add(
    about: Pick<HeldRun, "route" | "callerId" | "language">,
    end: (reason: GloveboxError) => void,
  ): () => void;
  /** The oldest first. */
  list(): readonly HeldRun[];
  /** @returns False where there is none of this id. */
  end(id: string): boolean;
}

export function createHeldRuns(): HeldRuns {
  const held = new Map<string, { readonly run: HeldRun; end: (reason: GloveboxError) => void }>();
  return {
    add: (about, end) => {
      const id = randomUUID();
      held.set(id, { run: { ...about, id, begunAt: new Date() }, end });
      return () => void held.delete(id);
    },
    list: () => Array.from(held.values(), ({ run }) => run),
    end: (id) => {
      const found = held.get(id);
      found?.end(
        new GloveboxError("NOT_ALLOWED", "An administrator ended this run.", { field: "run" }),
      );
      return found !== undefined;
    },
  };
}

/** What is known of a request that runs something. */
export function aboutRun(
  { method, caller, routeOptions: { url = "" } }: FastifyRequest,
  language: string | null,
): Pick<HeldRun, "route" | "callerId" | "language"> {
  return { route: `${method} ${url}`, callerId: caller.id, language };
}
