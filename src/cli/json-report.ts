/**
 * @module
 * The document of `glovebox run --json`: the answer of `POST /v1/execute`, with the `exit_code` that
 * this process ends with.
 */
import type { CollectedExecution } from "../service/collect.ts";
import { reportToJson } from "../service/report-json.ts";

/**
 * One JSON document and a line feed.
 *
 * @param permissions What it asked for; absent: nothing could be asked.
 */
export function formatJsonReport(
  collected: CollectedExecution,
  exitCode: number,
  permissions?: unknown,
): string {
  const asked = permissions === undefined ? {} : { permissions };
  const document = { ...reportToJson(collected), ...asked, exit_code: exitCode };
  return `${JSON.stringify(document, null, 2)}\n`;
}
