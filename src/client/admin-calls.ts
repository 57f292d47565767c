/**
 * @module
 * What an administrator asks of a server.
 */
import type {
  AdminExecutions,
  AdminHistory,
  AdminKeys,
  AdminOverview,
  AdminRuns,
} from "./admin-types.ts";
import type { CallOptions, Get, ListOptions } from "./calls.ts";
import { readEvents } from "./server-sent-events.ts";
import { toQuery, type Transport } from "./transport.ts";

/** For a key with the scope `admin`. All of them throw {GloveboxApiError}. */
export interface AdminCalls {
  adminOverview(options?: CallOptions): Promise<AdminOverview>;
  /** The overview, at once and every 2 s, until the connection breaks or the signal ends it. */
  adminEvents(options?: CallOptions): AsyncGenerator<AdminOverview, void, void>;
  adminHistory(options?: CallOptions): Promise<AdminHistory>;
  /** Those of all callers, newest first. */
  adminExecutions(options?: Omit<ListOptions, "ids">): Promise<AdminExecutions>;
  /** Those that are no executions: their callers hold a connection open. */
  adminRuns(options?: CallOptions): Promise<AdminRuns>;
  adminCancelRun(id: string, options?: CallOptions): Promise<void>;
  adminKeys(options?: CallOptions): Promise<AdminKeys>;
}

export function adminCalls(transport: Transport, get: Get): AdminCalls {
  return {
    adminOverview: async (call = {}) => get("/v1/admin/overview", call),
    adminHistory: async (call = {}) => get("/v1/admin/history", call),
    adminKeys: async (call = {}) => get("/v1/admin/keys", call),
    adminRuns: async (call = {}) => get("/v1/admin/runs", call),
    adminCancelRun: async (id, { signal } = {}) => {
      const path = `/v1/admin/runs/${encodeURIComponent(id)}/cancel`;
      await transport.json({ method: "POST", path, repeat: "anytime", signal });
    },
    adminExecutions: async ({ state, limit, cursor, ...call } = {}) =>
      get(`/v1/admin/executions${toQuery({ state, limit, cursor })}`, call),
    adminEvents: (call = {}) => overviews(transport, call),
  };
}

async function* overviews(
  transport: Transport,
  { signal }: CallOptions,
): AsyncGenerator<AdminOverview, void, void> {
  const path = "/v1/admin/events";
  const { body } = await transport.open({ method: "GET", path, repeat: "anytime", signal });
  if (body === null) return;
  for await (const { event, data } of readEvents(body, () => undefined)) {
    if (event === "overview") yield JSON.parse(data) as AdminOverview;
  }
}
