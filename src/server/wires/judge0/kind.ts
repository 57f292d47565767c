/**
 * @module
 * What is special about submissions as executions that are answered later: they may run several times,
 * and their callbacks have Judge0's shape.
 */
import type { CollectedExecution } from "../../../service/collect.ts";
import type { ExecutionKind } from "../../../service/executions/execution-kind.ts";
import { reportToJson } from "../../../service/report-json.ts";
import { answerOf } from "./answer.ts";
import { defaultFields } from "./answer-fields.ts";
import { statusId, type StatusId } from "./statuses.ts";
import type { Means, SubmissionMeta } from "./submission-meta.ts";
import { judge } from "./verdict.ts";

export const judge0KindName = "judge0";

export const judge0Kind: ExecutionKind = {
  name: judge0KindName,
  execute: async (runOnce, kept) => {
    const meta = kept as SubmissionMeta;
    const { number_of_runs: wanted } = meta.fields;
    if (wanted === 1) return { collected: await runOnce() };
    // No more of a run than its numbers: what it wrote may be megabytes.
    const used: Means[] = [];
    let collected: CollectedExecution;
    let last: StatusId;
    do {
      collected = await runOnce();
      const verdict = judge(reportToJson(collected), meta);
      used.push({ timeMs: verdict.timeMs, memoryBytes: verdict.memoryBytes });
      last = verdict.statusId;
    } while (used.length < wanted && last === statusId.accepted);
    return { collected, meta: { ...meta, means: meansOf(used) } satisfies SubmissionMeta };
  },
  callback: (info, result) => {
    const submission = { info, result: () => result, request: () => undefined };
    const body = JSON.stringify(answerOf(submission, defaultFields, true));
    return { method: "PUT", body };
  },
};

function meansOf(used: readonly Means[]): Means {
  return {
    timeMs: mean(used.map(({ timeMs }) => timeMs)),
    memoryBytes: mean(used.map(({ memoryBytes }) => memoryBytes)),
  };
}

/** Null where one was not measured. */
function mean(values: readonly (number | null)[]): number | null {
  const sum = values.reduce<number | null>((total, value) => {
    return total === null || value === null ? null : total + value;
  }, 0);
  return sum === null ? null : sum / values.length;
}
