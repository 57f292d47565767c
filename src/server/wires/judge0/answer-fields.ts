/**
 * @module
 * Which fields a submission has, and which of them a client wants.
 */

/** In the order of an answer that has them all. */
export const allFields = [
  "source_code",
  "language_id",
  "stdin",
  "expected_output",
  "stdout",
  "status_id",
  "created_at",
  "finished_at",
  "time",
  "memory",
  "stderr",
  "token",
  "number_of_runs",
  "cpu_time_limit",
  "cpu_extra_time",
  "wall_time_limit",
  "memory_limit",
  "stack_limit",
  "max_processes_and_or_threads",
  "enable_per_process_and_thread_time_limit",
  "enable_per_process_and_thread_memory_limit",
  "max_file_size",
  "compile_output",
  "exit_code",
  "exit_signal",
  "message",
  "wall_time",
  "compiler_options",
  "command_line_arguments",
  "redirect_stderr_to_stdout",
  "callback_url",
  "additional_files",
  "enable_network",
  "status",
  "language",
] as const;
export type AnswerField = (typeof allFields)[number];

export const defaultFields: readonly AnswerField[] = [
  "token",
  "time",
  "memory",
  "stdout",
  "stderr",
  "compile_output",
  "message",
  "status",
];

export type WantedFields =
  | { readonly ok: true; readonly fields: readonly AnswerField[] }
  | { readonly ok: false; readonly invalid: readonly string[] };

/** @param text Of the query: names with commas between them, `*` for all. Absent or empty: the usual. */
export function readFields(text: string | undefined): WantedFields {
  const names = [...new Set((text ?? "").split(",").filter((name) => name !== ""))];
  const invalid = names.filter((name) => name !== "*" && !isField(name));
  if (invalid.length > 0) return { ok: false, invalid };
  if (names.includes("*")) return { ok: true, fields: allFields };
  const fields = names.filter(isField);
  return { ok: true, fields: fields.length === 0 ? defaultFields : fields };
}

function isField(name: string): name is AnswerField {
  return (allFields as readonly string[]).includes(name);
}
