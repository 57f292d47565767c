/**
 * @module
 * An execution that is to be answered later, as a door hands it in.
 */
import { randomUUID } from "node:crypto";
import type { Caller } from "../../core/caller.ts";
import type { NewExecution } from "../../storage/executions-store.ts";
import type { ExecutionRequest, Turn } from "../request.ts";
import type { ExecutionInfo } from "./execution-info.ts";
import { keptTurn } from "./kept-turn.ts";
import { encodeRequest } from "./request-codec.ts";

export interface Submission {
  readonly caller: Caller;
  /** Of a registered `ExecutionKind`. */
  readonly kind: string;
  /** Its `stdin` must not be a stream. */
  readonly request: ExecutionRequest;
  readonly language: string | null;
  /** See `Turn.priority`. */
  readonly priority?: number;
  /** Its stdin comes by `Executions.live`, and its output is followed there. */
  readonly isInteractive?: boolean;
  /** How often its kind may run it. Default: once. */
  readonly maxRuns?: number;
  /** For the kind; must be JSON. */
  readonly meta?: unknown;
  /** `http:` or `https:`; where it leads is looked at when it is called. */
  readonly callbackUrl?: string;
  readonly idempotency?: Idempotency;
}

/** The same key of the same caller means the same execution. */
export interface Idempotency {
  /** 1 to 255 printable ASCII characters. */
  readonly key: string;
  /** Of what was sent: another one with the same key is a conflict. */
  readonly requestHash: string;
}

export interface Submitted {
  readonly info: ExecutionInfo;
  /** True where the execution was there already. */
  readonly isReplayed: boolean;
}

/** @param owner The process that will run it. */
export function toRow(submission: Submission, owner: string): NewExecution {
  const { caller, kind, request, language, priority = 0, isInteractive = false } = submission;
  const { meta, callbackUrl, idempotency } = submission;
  const { maxConcurrent } = caller.rules;
  const turn: Turn = {
    callerId: caller.id,
    priority,
    isAccepted: true,
    ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
  };
  return {
    id: randomUUID(),
    callerId: caller.id,
    kind,
    priority,
    language,
    isInteractive,
    owner,
    createdAtMs: Date.now(),
    turn: JSON.stringify(keptTurn(turn, request)),
    request: encodeRequest({ ...request, turn }, isInteractive),
    ...(meta === undefined ? {} : { meta: JSON.stringify(meta) }),
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
    ...(idempotency === undefined ? {} : { idempotency }),
  };
}
