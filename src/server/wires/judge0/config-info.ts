/**
 * @module
 * GET /config_info: what Judge0's configuration would say of this server.
 */
import type { ServerConfig } from "../../../config/server-config.ts";
import { numberTable } from "./limits.ts";
import { maxExtractKib } from "./to-submission.ts";

/** @param config As it holds for who asks. */
export function configInfo(config: ServerConfig): Readonly<Record<string, unknown>> {
  const numbers: (readonly [string, number])[] = Object.entries(numberTable(config.limits)).flatMap(
    ([field, bounds]) => [[field, bounds.default] as const, [`max_${field}`, bounds.max] as const],
  );
  return {
    ...switches,
    ...Object.fromEntries(numbers),
    allow_enable_network: config.network.allowed.includes("all"),
    callbacks_max_tries: config.callbacks.maxAttempts,
    callbacks_timeout: config.callbacks.timeoutMs / 1000,
    max_queue_size: config.executions.maxPending,
    max_submission_batch_size: config.executions.maxBatch,
    max_extract_size: maxExtractKib,
  };
}

const switches = {
  maintenance_mode: false,
  enable_wait_result: true,
  enable_compiler_options: true,
  allowed_languages_for_compile_options: [],
  enable_command_line_arguments: true,
  enable_submission_delete: true,
  enable_callbacks: true,
  enable_additional_files: true,
  enable_batched_submissions: true,
  enable_per_process_and_thread_time_limit: false,
  allow_enable_per_process_and_thread_time_limit: true,
  enable_per_process_and_thread_memory_limit: false,
  allow_enable_per_process_and_thread_memory_limit: true,
  redirect_stderr_to_stdout: false,
  enable_network: false,
  submission_cache_duration: 0,
  use_docs_as_homepage: false,
};
