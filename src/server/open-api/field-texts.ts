/**
 * @module
 * What the fields of the reference mean. docs/http-api.md tells more.
 */
import type { SchemaObject } from "./schema-object.ts";

type FieldTexts = Readonly<Record<string, string>>;

const executeTexts: FieldTexts = {
  language: "Id or alias of a language, any case.",
  version: "The installed version or its beginning by parts: `3`, `3.11`; `*` or absent: any.",
  code: "The program, as one file. One of `code` and `files` is needed.",
  code_encoding: "`utf8` if absent.",
  files: "The program as files; the first is the main file.",
  "files.path": "Relative, with `/`; no empty, `.` or `..` part.",
  "files.content": "What is in the file.",
  "files.encoding": "`utf8` if absent.",
  entry: "Path of the main file, where it is not the first.",
  stdin: "What the program reads; absent: nothing.",
  stdin_encoding: "`utf8` if absent.",
  args: "Arguments of the program.",
  env: "Variables that are added to the sandbox's own.",
  limits: "Those that are absent are the server's defaults, or what the language needs.",
  "limits.wall_time_ms": "Time of the run, from start to end.",
  "limits.cpu_time_ms": "CPU time of all processes together.",
  "limits.memory_bytes": "Memory of the sandbox, its files included.",
  "limits.processes": "Processes and threads at the same time.",
  "limits.output_bytes": "What is kept of stdout, and of stderr.",
  "limits.disk_bytes": "Files that are written, the program's own included.",
  "limits.open_files": "Open files of one process.",
  compile_limits: "Of the compiler; the others are those of the program.",
  "compile_limits.wall_time_ms": "Time of the compiler, from start to end.",
  "compile_limits.cpu_time_ms": "CPU time of the compiler's processes together.",
  compile_args: "Arguments that are added to the compiler's own.",
  compile_cache: "`use` if absent. `off`: it is compiled anew, and not kept.",
  artifacts: "Files and folders that come back, relative to `/workspace`; `out` if absent.",
  network:
    "`none` if absent. `all`, `ask`: where the operator allows it. `ask`: each connection is asked about.",
  host_files: "`none` if absent. `ask`: files of the server's user, where the operator allows it.",
  on_output_limit: "`truncate` if absent: the program goes on. `kill`: it is ended.",
  enforcement: "`strict`: refused where the host can't enforce all controls.",
  provider: "The way to isolate, where the operator allows a choice.",
  image: "An OCI image whose programs are used, where the operator allows it.",
};

const textsBySchema: Readonly<Record<string, FieldTexts>> = {
  ExecuteInput: executeTexts,
  SubmitInput: {
    ...executeTexts,
    callback_url: "Where the end is told by a signed POST.",
    priority: "Among the executions of the same key; 0 if absent, higher is earlier.",
    interactive: "Whether stdin comes by WebSocket while it runs.",
    tty: "A terminal of this size in place of pipes; of interactive executions.",
    "tty.columns": "Characters in a line.",
    "tty.rows": "Lines.",
  },
  ShareInput: {
    ...executeTexts,
    title: "For people.",
    forked_from: "Id of the share that it was made of.",
  },
  BatchInput: { executions: "Bodies of `POST /v1/executions`; each is checked by itself." },
  ExecuteAnswer: {
    id: "Of this execution.",
    language: "Id of the language.",
    version: "Of the runtime; null while the server does not know it yet.",
    compile: "Absent where the language is not compiled.",
    run: "Null where compiling did not end with exit code 0.",
    compile_cache:
      "`hit`: what an earlier run compiled was used. Absent where nothing is compiled.",
    artifacts: "Absent where none were asked for, or a limit or a cancel ended the run.",
    "artifacts.files": "Those that were asked for and are there, sorted by path.",
    "artifacts.files.path": "Relative to `/workspace`.",
    "artifacts.files.content": "What is in the file.",
    "artifacts.files.encoding": "`base64` where the bytes are no UTF-8.",
    "artifacts.files.executable": "Whether its owner may execute it.",
    "artifacts.skipped": "What can't come back.",
    "artifacts.skipped.path": "Relative to `/workspace`.",
    "artifacts.skipped.reason": "`link`, `special`, `too_large`, `unreadable` or `name`.",
    "artifacts.truncated": "True if the server's bounds left something out.",
    "artifacts.problem": "Why no file could be read. Absent where nothing was in the way.",
    enforcement: "How each control was held.",
    permissions: "What it asked for, and got; absent where it could not ask.",
    "permissions.shown": "Files and folders that rules allowed, so that nobody was asked.",
    "permissions.shown.path": "Absolute, on the server's machine.",
    "permissions.shown.access": "`rw`: it may change it.",
    "permissions.decisions": "In the order in which they came up first.",
    "permissions.decisions.subject": "What it asked for.",
    "permissions.decisions.process": "Who asked first, in its own words.",
    "permissions.decisions.decision": "What it got.",
    "permissions.decisions.decided_by": "A rule, an answer, or why there was none.",
    "permissions.decisions.count": "How often.",
    "permissions.decisions.first_at": "ISO 8601, UTC.",
    "permissions.decisions.last_at": "ISO 8601, UTC.",
    "permissions.omitted": "Decisions that were not kept, because there were too many.",
    "permissions.notes":
      "What happened and was no question: names that were only looked up, ports that were forwarded.",
    "permissions.notes.kind": "What it is; the other fields belong to it.",
  },
  Phase: {
    stdout: "What the program wrote, up to `limits.output_bytes`.",
    stderr: "What the program wrote, up to `limits.output_bytes`.",
    output: "Both, in order of arrival.",
    stdout_encoding: "`base64` where the bytes are no UTF-8.",
    stderr_encoding: "`base64` where the bytes are no UTF-8.",
    output_encoding: "`base64` where the bytes are no UTF-8.",
    exit_code: "Null where the program did not come to exit.",
    signal: "Name of the signal that ended it; else null.",
    outcome: "How it ended: by itself, by a signal, canceled, or by a limit.",
    truncated: "True if output was lost.",
    usage: "Absent fields could not be measured.",
    "usage.wall_ms": "From start to end, in ms.",
    "usage.cpu_ms": "CPU time of all processes, in ms.",
    "usage.peak_memory_bytes": "Highest memory use of the sandbox.",
  },
  Execution: {
    id: "To find it again.",
    state: "`failed` is a failure of the server, not of the program.",
    language: "Id of the language.",
    priority: "As it was asked for.",
    interactive: "Whether stdin comes while it runs.",
    attempts: "How often it was begun; more than once where the server died meanwhile.",
    created_at: "When it was accepted; ISO 8601, UTC.",
    started_at: "When it was begun, the last time; null: not yet.",
    finished_at: "When it ended; null: not yet.",
    waiting_for: "Questions that it waits for the answer of; absent: none.",
    result: "What the program did, if it has ended.",
    error: "Why the server failed to run it.",
  },
  Ask: {
    id: "To answer it.",
    execution_id: "Of the execution that asks.",
    subject: "What is asked for; the program chose it.",
    process: "Who asks, in its own words; null where that is not known.",
    meaning: "What a yes would mean: `AWS access keys`; null where the subject says it all.",
    because: "Why it comes up, where the subject does not tell; else null.",
    pattern: "What an answer without `as` is about.",
    folder: "What `as` may be for all of the folder around it; null where that is too much.",
    asked_at: "ISO 8601, UTC.",
    expires_at: "Then it is denied.",
  },
  AskingProcess: {
    pid: "As its sandbox numbers it.",
    name: "The program chose it.",
    executable: "Path inside its sandbox; empty where it is not known.",
  },
  Answered: {
    id: "Of the question.",
    execution_id: "Of the execution that asked.",
    answer: "What counts from now on.",
    scope: "For how long.",
  },
  AnswerInput: {
    answer: "Whether it may.",
    scope:
      "`once` if absent: this one time. `run`: until the execution ends, as a denial always does. `always`: in later executions of the same caller, too; where the operator allows it.",
    as: "What it is about, where that is more than was asked for: `*.github.com:443`, `~/.aws/`.",
  },
  Failure: {
    code: "For programs: what failed.",
    message: "For people: what failed, with which value, and what to do.",
    details: "What belongs to the code.",
  },
};

/** Writes the texts into the named schemas. */
export function describeFields(schemas: Readonly<Record<string, SchemaObject>>): void {
  for (const [name, texts] of Object.entries(textsBySchema)) {
    for (const [path, text] of Object.entries(texts)) {
      const field = fieldAt(schemas[name], path.split("."));
      if (field !== undefined) field.description = text;
    }
  }
}

function fieldAt(
  schema: SchemaObject | undefined,
  path: readonly string[],
): SchemaObject | undefined {
  const [name, ...rest] = path;
  if (name === undefined) return schema;
  return fieldAt((schema?.items ?? schema)?.properties?.[name], rest);
}
