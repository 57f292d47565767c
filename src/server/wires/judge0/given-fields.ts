/**
 * @module
 * The fields of a submission that are answered as they came.
 */
import type { SubmissionFields } from "./submission-fields.ts";
import type { GivenFields } from "./submission-meta.ts";

/** @param memoryBytes What the program may have: more than the default where its language needs it. */
export function givenFields(fields: SubmissionFields, memoryBytes: number): GivenFields {
  const { numbers, isNamed } = fields;
  return {
    number_of_runs: numbers.number_of_runs,
    cpu_time_limit: toDecimal(numbers.cpu_time_limit),
    cpu_extra_time: toDecimal(numbers.cpu_extra_time),
    wall_time_limit: toDecimal(numbers.wall_time_limit),
    memory_limit: isNamed("memory_limit") ? numbers.memory_limit : Math.floor(memoryBytes / 1024),
    stack_limit: numbers.stack_limit,
    max_processes_and_or_threads: numbers.max_processes_and_or_threads,
    enable_per_process_and_thread_time_limit: fields.perProcessTime,
    enable_per_process_and_thread_memory_limit: fields.perProcessMemory,
    max_file_size: numbers.max_file_size,
    compiler_options: fields.compilerOptions.text ?? null,
    command_line_arguments: fields.commandLineArguments.text ?? null,
    redirect_stderr_to_stdout: fields.redirectStderr,
    callback_url: fields.callbackUrl ?? null,
    enable_network: fields.enableNetwork,
  };
}

/** Seconds as Judge0 writes decimals: `5.0`, `0.001`. */
export function toDecimal(seconds: number): string {
  const text = seconds.toFixed(6).replace(/0+$/, "");
  return text.endsWith(".") ? `${text}0` : text;
}
