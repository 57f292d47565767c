/**
 * @module
 * One execution environment of a function: a sandbox of the linux provider that asks our Runtime API for
 * its next event, and is used again for the next one while it lives.
 */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Provider } from "../../../src/core/provider.ts";
import { workspacePath, programPath } from "../../../src/core/sandbox.ts";
import type { Execution } from "../../../src/core/execution.ts";
import { readBody } from "./http.ts";

export interface InstanceOf {
  readonly name: string;
  readonly arn: string;
  readonly runtime: string;
  readonly handler: string;
  readonly folder: string;
  readonly memoryMib: number;
  readonly variables: Readonly<Record<string, string>>;
}

export interface InstanceEnd {
  readonly payload: Buffer;
  readonly isError: boolean;
}

export interface Instance {
  readonly isAlive: boolean;
  /** What it wrote since it was last asked for. */
  takeLog(): string;
  invoke(id: string, event: Buffer, timeoutSeconds: number): Promise<InstanceEnd>;
  stop(): Promise<void>;
}

const MIB = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

interface Pending {
  readonly id: string;
  readonly event: Buffer;
  readonly settle: (end: InstanceEnd) => void;
}

export async function startInstance(provider: Provider, fn: InstanceOf): Promise<Instance> {
  let log = "";
  let onLog = (): void => undefined;
  let waiting: ServerResponse | undefined;
  let pending: Pending | undefined;
  let ended: InstanceEnd | undefined;
  const failure = (errorType: string, errorMessage: string): InstanceEnd => ({
    payload: Buffer.from(JSON.stringify({ errorType, errorMessage })),
    isError: true,
  });
  const hand = (): void => {
    if (waiting === undefined || pending === undefined) return;
    waiting.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": pending.id,
      "lambda-runtime-deadline-ms": String(Date.now() + DAY_MS),
      "lambda-runtime-invoked-function-arn": fn.arn,
    });
    waiting.end(pending.event);
    waiting = undefined;
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? "").replace("/2018-06-01/runtime/", "");
    if (path === "invocation/next") {
      waiting = response;
      hand();
      return;
    }
    void readBody(request).then((body) => {
      response.writeHead(202).end();
      const [, id, kind] = /^invocation\/([\w-]+)\/(response|error)$/.exec(path) ?? [];
      if (path === "init/error") ended = { payload: body, isError: true };
      else if (id === pending?.id) pending?.settle({ payload: body, isError: kind === "error" });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const api = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const abort = new AbortController();
  const sandbox = await createSandbox(provider, fn, abort.signal);
  const done = sandbox
    .exec(
      {
        argv: clientOf(fn.runtime).argv,
        env: environment(fn, api),
        cwd: workspacePath,
        stdin: "empty",
        limits: { wallTimeMs: "unlimited", cpuTimeMs: "unlimited", outputBytes: "unlimited" },
        onOutputLimit: "truncate",
        onOutput: (_, chunk) => {
          log += chunk.toString();
          onLog();
        },
      },
      abort.signal,
    )
    .then((execution) => {
      ended ??= failure("Runtime.ExitError", describeExit(execution));
      onLog();
      pending?.settle(ended);
    });

  const stop = async (): Promise<void> => {
    abort.abort();
    server.closeAllConnections();
    server.close();
    await done;
    await sandbox.destroy();
  };
  return {
    get isAlive() {
      return ended === undefined && !abort.signal.aborted;
    },
    takeLog: () => {
      const taken = log;
      log = "";
      return taken;
    },
    invoke: async (id, event, timeoutSeconds) => {
      let timer: NodeJS.Timeout | undefined;
      const end = await new Promise<InstanceEnd>((settle) => {
        pending = { id, event, settle };
        if (ended !== undefined) settle(ended);
        const text = `${new Date().toISOString()} ${id} Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
        timer = setTimeout(() => {
          log += `${text}\n`;
          settle(
            failure(
              "Sandbox.Timedout",
              `RequestId: ${id} Error: ${text.slice(text.indexOf("Task"))}`,
            ),
          );
          abort.abort();
        }, timeoutSeconds * 1000);
        hand();
      });
      clearTimeout(timer);
      pending = undefined;
      const mark = `\0${id}\0`;
      await new Promise<void>((resolve) => {
        onLog = () => {
          const isWhole = clientOf(fn.runtime).file === undefined || log.includes(mark);
          if (isWhole || ended !== undefined || abort.signal.aborted) resolve();
        };
        onLog();
      });
      log = log.replace(mark, "");
      return end;
    },
    stop,
  };
}

async function createSandbox(provider: Provider, fn: InstanceOf, signal: AbortSignal) {
  const { file } = clientOf(fn.runtime);
  const content = file === undefined ? undefined : await readFile(join(import.meta.dirname, file));
  return provider.create(
    {
      policy: {
        network: { mode: "all" },
        workspace: { kind: "mount", hostPath: fn.folder, access: "ro" },
      },
      limits: {
        memoryBytes: fn.memoryMib * MIB,
        processes: 1024,
        diskBytes: 512 * MIB,
        openFiles: 1024,
      },
      files: file === undefined || content === undefined ? [] : [{ path: file, content }],
      hostPrograms: [],
      enforcement: "best-effort",
    },
    signal,
  );
}

interface Client {
  readonly argv: readonly string[];
  readonly file?: string;
}

function clientOf(runtime: string): Client {
  if (runtime.startsWith("python")) {
    return { argv: ["python3", "-B", `${programPath}/python-client.py`], file: "python-client.py" };
  }
  if (runtime.startsWith("nodejs")) {
    return { argv: ["node", `${programPath}/node-client.mjs`], file: "node-client.mjs" };
  }
  return { argv: [`${workspacePath}/bootstrap`] };
}

function environment(fn: InstanceOf, api: string): Readonly<Record<string, string>> {
  return {
    PATH: "/var/lang/bin:/usr/local/bin:/usr/bin:/bin",
    LANG: "en_US.UTF-8",
    AWS_LAMBDA_RUNTIME_API: api,
    AWS_LAMBDA_FUNCTION_NAME: fn.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMib),
    AWS_ACCESS_KEY_ID: "ASIAOFTHEROLE",
    AWS_SECRET_ACCESS_KEY: "secret of the role",
    LAMBDA_TASK_ROOT: workspacePath,
    _HANDLER: fn.handler,
    ...fn.variables,
    // Ours: by it tests know their processes.
    ...(process.env["GLOVEBOX_TEST_MARK"] === undefined
      ? {}
      : { GLOVEBOX_TEST_MARK: process.env["GLOVEBOX_TEST_MARK"] }),
  };
}

function describeExit({ outcome }: Execution): string {
  if (outcome.kind === "exited") {
    const how =
      outcome.exitCode === 0
        ? "without providing a reason"
        : `with error: exit status ${outcome.exitCode}`;
    return `Error: Runtime exited ${how}`;
  }
  return "Error: Runtime exited with error: signal: killed";
}
