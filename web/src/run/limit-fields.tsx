/**
 * @module
 * Limits of a program, between what can be and what this server gives at most.
 */
import { useSignal } from "@preact/signals";
import { formatDurationMs, parseDurationMs } from "../../../src/util/duration.ts";
import { formatSizeBytes, parseSizeBytes } from "../../../src/util/size.ts";
import { changeProject, project } from "../state/project.ts";
import type { Limits } from "../state/project-values.ts";
import { info } from "../state/server.ts";

interface Row {
  readonly name: keyof Limits;
  readonly label: string;
  readonly field: "wall_time_ms" | "memory_bytes" | "processes" | "output_bytes";
  readonly min: number;
  readonly parse: (text: string) => number | undefined;
  readonly format: (value: number) => string;
}

const parseCount = (text: string): number | undefined =>
  /^\d{1,6}$/.test(text) ? Number(text) : undefined;

// The least that the server takes: `limitTable` in src/core/limits.ts.
const rows: readonly Row[] = [
  {
    ...{ name: "wallTimeMs", label: "Time", field: "wall_time_ms", min: 10 },
    ...{ parse: parseDurationMs, format: formatDurationMs },
  },
  {
    ...{ name: "memoryBytes", label: "Memory", field: "memory_bytes", min: 4 * 1024 * 1024 },
    ...{ parse: parseSizeBytes, format: formatSizeBytes },
  },
  {
    ...{ name: "processes", label: "Processes", field: "processes", min: 1 },
    ...{ parse: parseCount, format: String },
  },
  {
    ...{ name: "outputBytes", label: "Output", field: "output_bytes", min: 1 },
    ...{ parse: parseSizeBytes, format: formatSizeBytes },
  },
];

export function LimitFields() {
  return (
    <fieldset class="wide limits">
      <legend>Limits</legend>
      {rows.map((row) => (
        <LimitField key={row.name} row={row} />
      ))}
    </fieldset>
  );
}

function LimitField({ row }: { readonly row: Row }) {
  const { name, label, field, min, parse, format } = row;
  const problem = useSignal("");
  const value = project.value.limits[name];
  const limits = info.value?.limits;
  const max = limits?.max[field] ?? Number.MAX_SAFE_INTEGER;
  const take = (text: string): void => {
    const parsed = text === "" ? undefined : parse(text);
    const isGood = text === "" || (parsed !== undefined && parsed >= min && parsed <= max);
    problem.value = isGood ? "" : `From ${format(min)} to ${format(max)}.`;
    if (!isGood) return;
    changeProject({ limits: { ...project.peek().limits, [name]: parsed } });
  };
  return (
    <label>
      {label}
      <input
        size={8}
        spellcheck={false}
        value={value === undefined ? "" : format(value)}
        placeholder={limits === undefined ? "" : format(limits.default[field])}
        aria-invalid={problem.value !== ""}
        onChange={({ currentTarget }) => take(currentTarget.value.trim())}
      />
      {problem.value !== "" && <span class="problem">{problem.value}</span>}
    </label>
  );
}
