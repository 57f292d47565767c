/**
 * @module
 * The line with which Lambda ends the log of a run: `REPORT RequestId: … Duration: 1.23 ms …`
 */

export interface FunctionReport {
  readonly durationMs?: number;
  readonly memoryBytes?: number;
  readonly peakMemoryBytes?: number;
}

const MIB = 1024 * 1024;

/** What the last such line says; nothing where there is none. The function may have written it, too. */
export function readReport(log: string): FunctionReport {
  const line = log.split("\n").findLast((it) => it.startsWith("REPORT RequestId: ")) ?? "";
  const find = (pattern: RegExp): number | undefined => {
    const [, value] = pattern.exec(line) ?? [];
    return value === undefined ? undefined : Number(value);
  };
  const durationMs = find(/\tDuration: (\d{1,9}(?:\.\d{1,9})?) ms/);
  const memory = find(/\tMemory Size: (\d{1,7}) MB/);
  const peak = find(/\tMax Memory Used: (\d{1,7}) MB/);
  return {
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(memory === undefined ? {} : { memoryBytes: memory * MIB }),
    ...(peak === undefined ? {} : { peakMemoryBytes: peak * MIB }),
  };
}
