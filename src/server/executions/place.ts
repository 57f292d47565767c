/**
 * @module
 * Where somebody goes on to read what an execution writes. What it wrote before its server died, and it
 * was begun anew, is no place of what it writes now.
 */
import { invalidRequest } from "../../core/errors.ts";
import type { ExecutionInfo } from "../../service/executions/execution-info.ts";
import {
  cursorStart,
  formatCursor,
  parseCursor,
  type Cursor,
} from "../../service/executions/output-log.ts";

export interface Place {
  /** See `attemptOf`. */
  readonly attempt: number;
  readonly cursor: Cursor;
}

export const start: Place = { attempt: 0, cursor: cursorStart };

/** That which writes, or will be begun next; from 1 on. */
export function attemptOf({ state, attempts }: ExecutionInfo): number {
  return state === "queued" ? attempts + 1 : attempts;
}

/** `1.120.0.64.3` */
export function formatPlace({ attempt, cursor }: Place): string {
  return `${attempt}.${formatCursor(cursor)}`;
}

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function parsePlace(text: string | undefined): Place {
  if (text === undefined || text === "") return start;
  const [, attempt, rest = ""] = /^(\d{1,4})\.(.*)$/.exec(text) ?? [];
  const cursor = parseCursor(rest);
  if (attempt !== undefined && cursor !== undefined) return { attempt: Number(attempt), cursor };
  throw invalidRequest("cursor", "must be the `cursor` of an output message, or be left out");
}

/** What of it holds for an execution as it is now. */
export function cursorIn({ attempt, cursor }: Place, info: ExecutionInfo): Cursor {
  return attempt === attemptOf(info) ? cursor : cursorStart;
}
