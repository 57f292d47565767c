/**
 * @module
 * The document of `glovebox run --json`: the answer of `POST /v1/execute`, with the `exit_code` that
 * this process ends with, and the changes in a copy.
 */
import type { CollectedExecution } from "../service/collect.ts";
import { reportToJson } from "../service/report-json.ts";

/**
 * One JSON document and a line feed.
 *
 * @param more By its key: what it asked for, what it changed in a copy.
 */
export function formatJsonReport(
  collected: CollectedExecution,
  exitCode: number,
  more: Readonly<Partial<Record<"permissions" | "changes", unknown>>> = {},
): string {
  const document = { ...reportToJson(collected), ...more, exit_code: exitCode };
  return `${JSON.stringify(document, null, 2)}\n`;
}
