/**
 * @module
 * The audit log: who had what done, a JSON line each. It never has code, input, output, environments
 * or keys. A line that can't be written holds up nothing: it is counted, and the log has a line about
 * how many are missing.
 */
import { GloveboxError, type ErrorCode } from "../core/errors.ts";
import type { Outcome } from "../core/outcome.ts";
import { openLineFile } from "./line-file.ts";
import { outcomeLabel } from "./outcome-label.ts";
import { reportSeldom, type SeldomReport } from "./seldom.ts";

/** Where a request came from. */
export interface AuditedRequest {
  readonly requestId: string;
  readonly callerId: string;
  /** Of the client, as far as it is known. */
  readonly ip?: string;
}

export interface AuditedExecution extends Partial<AuditedRequest> {
  readonly callerId: string;
  readonly executionId: string;
  readonly languageId: string;
  /** Of the last phase that ran, or the code of our failure. */
  readonly end: Outcome | ErrorCode;
  readonly wallTimeMs: number;
}

export interface AuditedRefusal extends Omit<AuditedRequest, "callerId"> {
  /** Absent where nobody knows who asked. */
  readonly callerId?: string;
  readonly code: ErrorCode;
  readonly method: string;
  /** The pattern of the route; absent where no route has the path. */
  readonly route?: string;
}

export interface AuditedKey {
  readonly keyId: string;
  /** For people. */
  readonly name: string;
}

/** What an execution asked for, and got; by no means all that it did with it. */
export interface AuditedDecision extends Partial<AuditedRequest> {
  readonly callerId: string;
  readonly executionId: string;
  /** `net tcp api.github.com:443` */
  readonly subject: string;
  readonly decision: "allow" | "deny";
  /** `rule`, `answer`, `timeout` and their like. */
  readonly decidedBy: string;
  /** Which rule; or for how long the answer is. */
  readonly detail?: string;
}

/** Who answered a question. */
export interface AuditedAnswer extends AuditedRequest {
  readonly askId: string;
  readonly executionId: string;
  readonly subject: string;
  readonly answer: "allow" | "deny";
  readonly scope: string;
  /** What it is about, where that is more than was asked for. */
  readonly pattern?: string;
}

export interface Audit {
  permissionDecided(decision: AuditedDecision): void;
  questionAnswered(answer: AuditedAnswer): void;
  executionEnded(execution: AuditedExecution): void;
  requestRefused(refusal: AuditedRefusal): void;
  keyCreated(key: AuditedKey): void;
  keyRevoked(key: AuditedKey): void;
  serverStarted(version: string): void;
  serverStopped(): void;
  /** How many lines are missing so far. */
  lostLines(): number;
  /** Writes what is left, in at most two seconds. Idempotent. */
  close(): Promise<void>;
}

export interface AuditOptions {
  /** A file's path, or `stderr`. */
  readonly destination: string;
  /** Takes the lines of `stderr`. */
  readonly stderr: { write(line: string): unknown };
  /** Told when lines can't be written, at most once a minute. */
  readonly onTrouble: (trouble: SeldomReport) => void;
}

/** Nothing is kept. */
export const noAudit: Audit = createAudit({
  append: () => undefined,
  lostLines: () => 0,
  close: () => Promise.resolve(),
});

/** @throws {GloveboxError} `INVALID_CONFIG` where the file can't be opened for appending. */
export async function openAudit({ destination, stderr, onTrouble }: AuditOptions): Promise<Audit> {
  if (destination === "stderr") {
    return createAudit({
      append: (line) => void stderr.write(`${line}\n`),
      lostLines: () => 0,
      close: () => Promise.resolve(),
    });
  }
  const file = openLineFile({
    path: destination,
    onTrouble: reportSeldom(onTrouble),
    describeGap: (count) => toLine({ event: "lines_lost", count }),
  });
  return createAudit(
    await file.catch((error: unknown) => {
      throw cannotOpen(destination, error);
    }),
  );
}

function cannotOpen(path: string, error: unknown): GloveboxError<"INVALID_CONFIG"> {
  const reason = error instanceof Error ? error.message : String(error);
  const message = `cannot append to ${path}: ${reason}`;
  return new GloveboxError(
    "INVALID_CONFIG",
    `audit.file: ${message}`,
    { issues: [{ path: "audit.file", message }] },
    { cause: error },
  );
}

interface Lines {
  append(line: string): void;
  lostLines(): number;
  close(): Promise<void>;
}

/** Names each field, so that nothing gets into the log because somebody added it to a request. */
function createAudit(lines: Lines): Audit {
  const write = (fields: Fields): void => {
    lines.append(toLine(fields));
  };
  const key = (event: string, { keyId, name }: AuditedKey): void => {
    write({ event, key_id: keyId, name });
  };
  return {
    executionEnded: ({ requestId, executionId, callerId, languageId, end, wallTimeMs, ip }) => {
      const how = typeof end === "string" ? { error: end } : { outcome: outcomeLabel(end) };
      write({
        event: "execution",
        request_id: requestId,
        execution_id: executionId,
        caller: callerId,
        language: languageId,
        ...how,
        wall_ms: Math.round(wallTimeMs),
        ip,
      });
    },
    ...permissionLines(write),
    requestRefused: ({ requestId, callerId, code, method, route, ip }) => {
      write({ event: "refused", request_id: requestId, caller: callerId, code, method, route, ip });
    },
    keyCreated: (created) => {
      key("key_created", created);
    },
    keyRevoked: (revoked) => {
      key("key_revoked", revoked);
    },
    serverStarted: (version) => {
      write({ event: "server_started", version, pid: process.pid });
    },
    serverStopped: () => {
      write({ event: "server_stopped", pid: process.pid });
    },
    lostLines: () => lines.lostLines(),
    close: async () => lines.close(),
  };
}

function permissionLines(
  write: (fields: Fields) => void,
): Pick<Audit, "permissionDecided" | "questionAnswered"> {
  return {
    permissionDecided: ({ requestId, executionId, callerId, ip, ...decided }) => {
      const { subject, decision, decidedBy, detail } = decided;
      write({
        event: "permission",
        request_id: requestId,
        execution_id: executionId,
        caller: callerId,
        ...{ subject, decision, decided_by: decidedBy, detail, ip },
      });
    },
    questionAnswered: ({ requestId, executionId, callerId, ip, askId, ...given }) => {
      const { subject, answer, scope, pattern } = given;
      write({
        event: "answer",
        request_id: requestId,
        execution_id: executionId,
        caller: callerId,
        ask_id: askId,
        ...{ subject, answer, scope, pattern, ip },
      });
    },
  };
}

type Fields = Readonly<Record<string, string | number | undefined>>;

/** Some texts are the caller's choice; a line stays one that people can read. */
const MAX_TEXT_CHARS = 200;

function toLine(fields: Fields): string {
  return JSON.stringify({ time: new Date().toISOString(), ...fields }, (_name, value: unknown) =>
    typeof value === "string" ? value.slice(0, MAX_TEXT_CHARS) : value,
  );
}
