/**
 * @module
 * What is kept of a submission besides the request that is run.
 */

/** JSON. */
export interface SubmissionMeta {
  readonly languageId: number;
  /** Which file of the program is the source code; null where there is none. */
  readonly sourcePath: string | null;
  /** Base64; null: it is not compared. */
  readonly expectedOutput: string | null;
  /** A zip, base64. */
  readonly additionalFiles: string | null;
  /**
   * Looked at when the program has ended, where the sandbox may have more because a compiler shares it;
   * null where the sandbox itself holds it.
   */
  readonly judgedMemoryBytes: number | null;
  /** Those that are answered as they came, or as they hold where they did not come. */
  readonly fields: GivenFields;
  /** Of all runs, where there were several. */
  readonly means?: Means;
}

/** With Judge0's names; seconds are written as its decimals, `"5.0"`. */
export interface GivenFields {
  readonly number_of_runs: number;
  readonly cpu_time_limit: string;
  readonly cpu_extra_time: string;
  readonly wall_time_limit: string;
  readonly memory_limit: number;
  readonly stack_limit: number;
  readonly max_processes_and_or_threads: number;
  readonly enable_per_process_and_thread_time_limit: boolean;
  readonly enable_per_process_and_thread_memory_limit: boolean;
  readonly max_file_size: number;
  readonly compiler_options: string | null;
  readonly command_line_arguments: string | null;
  readonly redirect_stderr_to_stdout: boolean;
  readonly callback_url: string | null;
  readonly enable_network: boolean;
}

export interface Means {
  readonly timeMs: number | null;
  readonly memoryBytes: number | null;
}
