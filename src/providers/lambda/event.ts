/**
 * @module
 * What a function gets as its event.
 */
import type { Readable } from "node:stream";
import type { Command } from "../../core/command.ts";
import { invalidRequest } from "../../core/errors.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { createByteCollector } from "../../util/byte-collector.ts";
import {
  answerSeconds,
  maxEventBytes,
  maxOutputBytes,
  maxStdinBytes,
  maxTimeoutSeconds,
} from "./bounds.ts";
import type { FunctionTarget } from "./target.ts";

/** What the longest run of each kind gets. */
const maxSeconds = {
  event: maxTimeoutSeconds,
  command: maxTimeoutSeconds - answerSeconds,
} as const;

/** @throws {GloveboxError} `INVALID_REQUEST` for more than Lambda gives. */
export function wallTimeMsOf(
  { limits }: Pick<Command, "limits">,
  kind: FunctionTarget["kind"],
): number {
  const most = maxSeconds[kind] * 1000;
  const { wallTimeMs } = limits;
  if (wallTimeMs === "unlimited") return most;
  if (wallTimeMs <= most) return wallTimeMs;
  throw invalidRequest(
    "limits.wallTimeMs",
    `Lambda ends a function after ${maxTimeoutSeconds} s, and ${wallTimeMs / 1000} s were asked for. Write --timeout ${most / 1000}s or less`,
  );
}

export function timeoutSecondsOf(wallTimeMs: number, kind: FunctionTarget["kind"]): number {
  return Math.ceil(wallTimeMs / 1000) + (kind === "command" ? answerSeconds : 0);
}

/**
 * All of it: a function gets its event whole.
 *
 * @throws {GloveboxError} `INVALID_REQUEST` for more than an event has room for.
 * @throws The reason of `signal`.
 */
export async function readStdin(stdin: Readable | "empty", signal: AbortSignal): Promise<Buffer> {
  const collector = createByteCollector();
  if (stdin === "empty") return collector.take();
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: Error): void => {
      stdin.off("data", onData).off("end", onEnd).off("error", onEnd).off("close", onEnd);
      signal.removeEventListener("abort", onAbort);
      stdin.pause();
      if (error === undefined) resolve();
      else reject(error);
    };
    const onData = (chunk: Buffer): void => {
      collector.add(chunk);
      if (collector.byteLength > maxStdinBytes) settle(tooLong());
    };
    // Whoever sent it went away: that is its end.
    const onEnd = (): void => {
      settle();
    };
    const onAbort = (): void => {
      settle(signal.reason as Error);
    };
    if (signal.aborted) {
      onAbort();
      return;
    }
    if (stdin.destroyed || stdin.readableEnded) {
      onEnd();
      return;
    }
    signal.addEventListener("abort", onAbort, { once: true });
    stdin.on("data", onData).once("end", onEnd).once("error", onEnd).once("close", onEnd);
  });
  return collector.take();
}

const tooLong = (): Error =>
  invalidRequest(
    "stdin",
    `is longer than the ${maxStdinBytes / 1024 ** 2} MB that an event of Lambda has room for`,
  );

/** JSON as it is, anything else as a text; nothing is `{}`. */
export function eventOfStdin(stdin: Buffer): Buffer {
  const text = stdin.toString("utf8");
  if (text.trim() === "") return Buffer.from("{}");
  try {
    JSON.parse(text);
    return stdin;
  } catch {
    return checked(Buffer.from(JSON.stringify(text)));
  }
}

/** For our bootstrap: native/lambda-runtime/README.md. */
export function eventOfCommand(
  { argv, env, cwd, limits, onOutputLimit }: Command,
  spec: Pick<SandboxSpec, "limits" | "policy">,
  parts: { readonly stdin: Buffer; readonly wallTimeMs: number },
): Buffer {
  const { cpuTimeMs, outputBytes } = limits;
  return checked(
    Buffer.from(
      JSON.stringify({
        ...{ glovebox: 1, argv, env, cwd },
        stdin: parts.stdin.toString("base64"),
        scratch: spec.policy.workspace.kind === "scratch",
        limits: {
          wall_ms: parts.wallTimeMs,
          cpu_ms: cpuTimeMs === "unlimited" ? null : cpuTimeMs,
          processes: spec.limits.processes,
          file_bytes: spec.limits.diskBytes,
          open_files: spec.limits.openFiles,
          output_bytes:
            outputBytes === "unlimited" ? maxOutputBytes : Math.min(outputBytes, maxOutputBytes),
          total_bytes: maxOutputBytes,
        },
        kill_on_output: onOutputLimit === "kill",
      }),
    ),
  );
}

function checked(event: Buffer): Buffer {
  if (event.byteLength <= maxEventBytes) return event;
  throw invalidRequest(
    "stdin",
    "with the arguments it is longer than the 6 MB of an event of Lambda",
  );
}
