/**
 * @module
 * All endpoints, each with a request that is right. Their programs are as small as programs can be, and do
 * nothing: here they run without a sandbox.
 */

/** Whose shape an answer has. */
export type Wire =
  "native" | "piston" | "judge0" | "isobox" | "isoboxV1" | "quicktry" | "codecanvas";

export interface Target {
  readonly wire: Wire;
  readonly method: string;
  /** `{id}` stands for an execution. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const limits = { wall_time_ms: 1000, cpu_time_ms: 1000, memory_bytes: 67_108_864, processes: 16 };

const execute = { language: "bash", code: ":", stdin: "a", args: ["b"], env: { A: "b" }, limits };
const ofFiles = {
  language: "bash",
  files: [
    { path: "main.sh", content: "OiAx", encoding: "base64" },
    { path: "d/x", content: "" },
  ],
  entry: "main.sh",
  artifacts: ["d"],
  network: "none",
  on_output_limit: "kill",
  compile_limits: { wall_time_ms: 100, cpu_time_ms: 100 },
  compile_args: ["x"],
};
const submit = { ...execute, priority: 1, callback_url: "http://127.0.0.1:9/" };
const interactive = {
  language: "bash",
  code: "read -t 0.1",
  interactive: true,
  tty: { columns: 80, rows: 25 },
};

const native: readonly Omit<Target, "wire">[] = [
  { method: "POST", path: "/v1/execute", body: execute },
  { method: "POST", path: "/v1/execute", body: ofFiles },
  { method: "POST", path: "/v1/execute", body: { language: "python", code: "1" } },
  { method: "POST", path: "/v1/executions", body: submit },
  { method: "POST", path: "/v1/executions", body: interactive },
  { method: "POST", path: "/v1/executions/batch", body: { executions: [execute, submit, 1] } },
  {
    method: "GET",
    path: "/v1/executions",
    query: { state: "finished", limit: "3", cursor: "4", ids: "a,b" },
  },
  { method: "GET", path: "/v1/executions/{id}", query: { wait: "0" } },
  { method: "POST", path: "/v1/executions/{id}/cancel" },
  { method: "DELETE", path: "/v1/executions/{id}" },
  { method: "GET", path: "/v1/executions/{id}/events", query: { cursor: "1.0.0.0.1" } },
  { method: "GET", path: "/v1/executions/{id}/attach", query: { cursor: "1.0.0.0.1" } },
  { method: "GET", path: "/v1/sandbox" },
  ...["languages", "info"].map((name) => ({ method: "GET", path: `/v1/${name}` })),
  ...["health", "ready", "metrics", "docs", "openapi.json", "auth/status"].map((name) => ({
    method: "GET",
    path: `/${name}`,
  })),
  { method: "GET", path: "/admin/dedup/stats" },
];

const pistonJob = {
  language: "bash",
  version: "*",
  files: [{ name: "a.sh", content: ":", encoding: "utf8" }, { content: "3a20" }],
  stdin: "a",
  args: ["b", 1],
  compile_timeout: 100,
  run_timeout: 1000,
  run_cpu_time: 1000,
  compile_memory_limit: -1,
  run_memory_limit: 67_108_864,
};

const piston: readonly Omit<Target, "wire">[] = [
  { method: "POST", path: "/api/v2/execute", body: pistonJob },
  { method: "GET", path: "/api/v2/runtimes" },
  { method: "GET", path: "/api/v2/packages" },
  { method: "POST", path: "/api/v2/packages", body: { language: "zsh", version: "1.x" } },
  { method: "DELETE", path: "/api/v2/packages", body: { language: "bash", version: ">=5 <6" } },
  { method: "GET", path: "/api/v2/connect" },
];

const submission = {
  language_id: 46,
  source_code: ":",
  stdin: "a",
  expected_output: "",
  command_line_arguments: "a 'b c'",
  number_of_runs: "1",
  cpu_time_limit: 1,
  cpu_extra_time: 0.5,
  wall_time_limit: 1,
  memory_limit: 65_536,
  stack_limit: 64_000,
  max_processes_and_or_threads: 16,
  enable_per_process_and_thread_time_limit: false,
  max_file_size: 16,
  redirect_stderr_to_stdout: "true",
  enable_network: false,
  callback_url: "http://127.0.0.1:9/",
};
const ofZip = { language_id: 89, additional_files: "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==" };

const judge0: readonly Omit<Target, "wire">[] = [
  {
    method: "POST",
    path: "/judge0/submissions",
    query: { wait: "true", base64_encoded: "false", fields: "*" },
    body: submission,
  },
  { method: "POST", path: "/judge0/submissions", query: { base64_encoded: "true" }, body: ofZip },
  {
    method: "POST",
    path: "/judge0/submissions/batch",
    query: { base64_encoded: "false" },
    body: { submissions: [submission, ofZip, {}] },
  },
  {
    method: "GET",
    path: "/judge0/submissions/batch",
    query: { tokens: "a,b", fields: "token,status", base64_encoded: "true" },
  },
  {
    method: "GET",
    path: "/judge0/submissions",
    query: { page: "1", per_page: "2", fields: "*", base64_encoded: "true" },
  },
  { method: "GET", path: "/judge0/submissions/{id}", query: { fields: "*" } },
  { method: "DELETE", path: "/judge0/submissions/{id}", query: { fields: "stdout" } },
  { method: "GET", path: "/judge0/languages/46" },
  { method: "POST", path: "/judge0/authenticate" },
  { method: "POST", path: "/judge0/authorize", body: {} },
  ...["languages", "languages/all", "statuses", "about", "version", "license", "isolate"].map(
    (name) => ({ method: "GET", path: `/judge0/${name}` }),
  ),
  ...["system_info", "config_info", "workers", "statistics"].map((name) => ({
    method: "GET",
    path: `/judge0/${name}`,
  })),
];

const program = { language: "bash", code: ":" };
const testCase = {
  name: "a",
  input: "b",
  expected_output: "",
  timeout_seconds: 1,
  memory_limit_mb: 64,
};

const seeds: readonly Target[] = [
  { wire: "isobox", method: "POST", path: "/execute", body: program },
  { wire: "isoboxV1", method: "POST", path: "/api/v1/execute", body: program },
  {
    wire: "isoboxV1",
    method: "POST",
    path: "/api/v1/execute/test-cases",
    body: { ...program, test_cases: [testCase] },
  },
  {
    wire: "isoboxV1",
    method: "POST",
    path: "/api/v1/execute/test-files",
    body: { ...program, test_files: [{ name: "a", content: "b" }] },
  },
  {
    wire: "isoboxV1",
    method: "POST",
    path: "/api/v1/execute/test-urls",
    body: { ...program, test_urls: [{ name: "a", url: "http://127.0.0.1:9/" }] },
  },
  {
    wire: "quicktry",
    method: "POST",
    path: "/run",
    body: { lang: "bash", code: ":", params: "a" },
  },
  { wire: "quicktry", method: "GET", path: "/run", body: { lang: "bash", code: ":" } },
  { wire: "quicktry", method: "GET", path: "/languages" },
  { wire: "quicktry", method: "GET", path: "/images" },
  { wire: "codecanvas", method: "GET", path: "/api/v1/languages" },
  {
    wire: "codecanvas",
    method: "POST",
    path: "/api/v1/run",
    body: { source: ":", language: "bash" },
  },
];

const of = (wire: Wire) => (target: Omit<Target, "wire">) => ({ ...target, wire });

export const targets: readonly Target[] = [
  ...native.map(of("native")),
  ...piston.map(of("piston")),
  ...judge0.map(of("judge0")),
  ...seeds,
];
