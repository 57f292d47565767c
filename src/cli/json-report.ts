/**
 * @module
 * The document of `glovebox run --json`: the answer of `POST /v1/execute`, with the `exit_code` that
 * this process ends with, and the changes in a copy.
 */
import type { CollectedExecution } from "../service/collect.ts";
import { reportToJson } from "../service/report-json.ts";

/** One JSON document and a line feed. */
export function formatJsonReport(
  collected: CollectedExecution,
  exitCode: number,
  changes?: Readonly<Record<string, unknown>>,
): string {
  const document = {
    ...reportToJson(collected),
    ...(changes === undefined ? {} : { changes }),
    exit_code: exitCode,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
