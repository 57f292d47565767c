/**
 * @module
 * Runs a function once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { FunctionAnswer } from "./answer.ts";
import type { Aws } from "./aws.ts";
import { errorNameOf } from "./failures.ts";

export interface Invocation {
  readonly name: string;
  readonly version: string;
  readonly event: Buffer;
}

/** What was refused was not run, and may be tried again. */
const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 200;

/** @throws What the SDK throws. */
export async function invoke(
  aws: Aws,
  { name, version, event }: Invocation,
  signal: AbortSignal,
): Promise<FunctionAnswer> {
  const { InvokeCommand } = await import("@aws-sdk/client-lambda");
  const startedMs = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
    try {
      const {
        Payload = new Uint8Array(),
        LogResult = "",
        FunctionError,
      } = await aws.invoker.send(
        new InvokeCommand({
          ...{ FunctionName: name, Qualifier: version, Payload: event },
          ...{ InvocationType: "RequestResponse", LogType: "Tail" },
        }),
        { abortSignal: signal },
      );
      return {
        functionError: FunctionError,
        payload: Buffer.from(Payload),
        log: Buffer.from(LogResult, "base64").toString("utf8"),
        elapsedMs: performance.now() - startedMs,
      };
    } catch (error) {
      const wasRefused = /^(TooManyRequests|ResourceConflict|ResourceNotReady)/.test(
        errorNameOf(error),
      );
      if (!wasRefused || performance.now() - startedMs + pauseMs > PATIENCE_MS) throw error;
      await sleep(pauseMs, undefined, { signal });
    }
  }
}
