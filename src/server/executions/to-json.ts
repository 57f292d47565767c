/**
 * @module
 * Executions that are answered later, as the v1 API shows them.
 */
import type { z } from "zod";
import type { ExecutionInfo, ExecutionResult } from "../../service/executions/execution-info.ts";
import type { ExecutionKind } from "../../service/executions/execution-kind.ts";
import type { executionSchema } from "./schemas.ts";

export type ExecutionJson = z.output<typeof executionSchema>;

/** @param result Of its end; absent: not asked for. */
export function executionToJson(info: ExecutionInfo, result: ExecutionResult = {}): ExecutionJson {
  const { report, error } = result;
  return {
    id: info.id,
    state: info.state,
    language: info.language,
    priority: info.priority,
    interactive: info.isInteractive,
    attempts: info.attempts,
    created_at: timeToJson(info.createdAtMs),
    started_at: info.startedAtMs === null ? null : timeToJson(info.startedAtMs),
    finished_at: info.finishedAtMs === null ? null : timeToJson(info.finishedAtMs),
    ...(report === undefined
      ? {}
      : { result: { ...report, id: info.id, language: report.language ?? info.language ?? "" } }),
    ...(error === undefined ? {} : { error }),
  };
}

const timeToJson = (ms: number): string => new Date(ms).toISOString();

/** Executions of the v1 API tell their end as GET /v1/executions/ID does. */
export const v1Kind: ExecutionKind = {
  name: "v1",
  callback: (info, result) => ({
    method: "POST",
    body: JSON.stringify(executionToJson(info, result)),
  }),
};
