/**
 * @module
 * Examples in the reference. A test sends those of requests, and holds those of answers to their schemas.
 */
import { controls } from "../../core/enforcement.ts";
import { snakeCase } from "../../util/snake-case.ts";

export const executeExample = {
  language: "bash",
  code: 'read -r name; echo "Hello, $name"; exit 3',
  stdin: "Ada\n",
  limits: { wall_time_ms: 2000 },
};

export const batchExample = {
  executions: [
    { language: "bash", code: "echo one" },
    { language: "bash", code: "echo two", priority: 5 },
  ],
};

export const reportExample = {
  id: "0b6a9d0e-4f0a-4a52-8c0b-6a1b8f0f8a11",
  language: "bash",
  version: "5.2.15",
  run: {
    stdout: "Hello, Ada\n",
    stdout_encoding: "utf8",
    stderr: "",
    stderr_encoding: "utf8",
    output: "Hello, Ada\n",
    output_encoding: "utf8",
    exit_code: 3,
    signal: null,
    outcome: "exited",
    truncated: false,
    usage: { wall_ms: 21, cpu_ms: 17, peak_memory_bytes: 9_338_880 },
  },
  enforcement: Object.fromEntries(
    controls.map((control) => [
      snakeCase(control),
      { level: "enforced", by: "the kernel", note: "" },
    ]),
  ),
};

export const queuedExample = {
  id: reportExample.id,
  state: "queued",
  language: "bash",
  priority: 5,
  interactive: false,
  attempts: 0,
  created_at: "2026-01-31T12:00:00.000Z",
  started_at: null,
  finished_at: null,
};

export const endedExample = {
  ...queuedExample,
  state: "finished",
  attempts: 1,
  started_at: "2026-01-31T12:00:00.004Z",
  finished_at: "2026-01-31T12:00:00.025Z",
  result: reportExample,
};

export const askExample = {
  id: "5d0fbb0f-4bfa-49b0-8f4a-51c1c4d14d2c",
  execution_id: reportExample.id,
  subject: { kind: "net", protocol: "tcp", host: "api.github.com", port: 443 },
  process: { pid: 4, name: "curl", executable: "/usr/bin/curl" },
  meaning: null,
  because: null,
  pattern: "api.github.com:443",
  folder: null,
  asked_at: "2026-01-31T12:00:00.010Z",
  expires_at: "2026-01-31T12:01:00.010Z",
};

export const answerExample = { answer: "allow", scope: "run" };

export const answeredExample = {
  id: askExample.id,
  execution_id: askExample.execution_id,
  ...answerExample,
};
