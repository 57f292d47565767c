/**
 * @module
 * An execution that asks: what it may ask for, who is asked, and what becomes of it. The request says
 * only that it asks, so that it can be kept; all the rest is made when its turn has come.
 */
import { randomUUID } from "node:crypto";
import { GloveboxError } from "../../core/errors.ts";
import type { PermissionGate } from "../../core/permission.ts";
import { homePath } from "../../core/sandbox.ts";
import { askablePaths } from "../../permissions/askable-paths.ts";
import { createDecisionLog, type NewDecision } from "../../permissions/decision-log.ts";
import { createGate } from "../../permissions/gate.ts";
import { reportOf, type PermissionReport } from "../../permissions/report.ts";
import type { RuleStore } from "../../permissions/rule-store.ts";
import type { NewRule, Rule } from "../../permissions/rule.ts";
import { splitAllowed } from "../../permissions/shown-paths.ts";
import type { ExecutionRequest, RequestPermissions } from "../request.ts";
import type { AskBoard, AskingExecution } from "./ask-board.ts";

export interface OpenAsking extends Disposable {
  readonly request: ExecutionRequest;
  /** Its abort ends the execution. */
  readonly signal: AbortSignal;
  readonly report: () => PermissionReport;
}

/** @throws {GloveboxError} `NOT_ALLOWED`, `INVALID_CONFIG` where what was kept can't be read. */
export type OpenAskingFor = (request: ExecutionRequest) => Promise<OpenAsking>;

export interface AskingOptions {
  readonly board: AskBoard;
  /** What the operator allows executions to ask for. */
  readonly allowed: { readonly network: boolean; readonly files: boolean };
  /** Of the operator. */
  readonly rules: readonly Rule[];
  readonly askTimeoutMs: number;
  /** Where answers of a caller are kept for later. Absent: nowhere. */
  readonly storeOf?: ((callerId: string) => RuleStore) | undefined;
  /** Of the user that the server runs as, absolute and canonical. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** What no answer opens, absolute and canonical. */
  readonly protectedPaths: readonly string[];
  readonly forbidden: NonNullable<PermissionGate["forbidden"]>;
  /** Told of each kind of decision once. Must not throw. */
  readonly onDecision: (decision: NewDecision, request: ExecutionRequest) => void;
  /** Tells the operator one line. */
  readonly note: (line: string, execution: AskingExecution) => void;
}

export function createAsking(options: AskingOptions): OpenAskingFor {
  const { board, home, env, protectedPaths } = options;
  return async (written) => {
    refuseOthers(written, options.allowed);
    const id = written.id ?? randomUUID();
    // What a compiler was let read must not come to somebody who was not asked.
    const request: ExecutionRequest = { ...written, id, compileCache: "off" };
    const execution = { executionId: id, callerId: request.turn?.callerId ?? "nobody" };
    const store = options.storeOf?.(execution.callerId);
    const rules = [...options.rules, ...((await store?.read()) ?? [])];
    const place = board.begin(execution);
    const log = createDecisionLog();
    const tellOnce = onceEach((decision) => {
      options.onDecision(decision, request);
    });
    const gate = createGate({
      ...{ rules, home, env, protectedPaths, asker: place.asker },
      log: {
        ...log,
        record: (decision) => {
          log.record(decision);
          tellOnce(decision);
        },
      },
      askTimeoutMs: options.askTimeoutMs,
      ...(store === undefined ? {} : { remember: keepIn(store) }),
      note: (line) => {
        options.note(line, execution);
      },
    });
    const permissions: RequestPermissions = {
      gate: { ...gate, forbidden: options.forbidden },
      ...(request.hostFiles === "ask" ? pathsOf(rules, options) : {}),
    };
    return {
      request: { ...request, permissions },
      signal: place.signal,
      report: () => reportOf(log, permissions.shown),
      [Symbol.dispose]: () => {
        place.end();
      },
    };
  };
}

function keepIn(store: RuleStore): (rule: NewRule) => Promise<void> {
  return async (rule) => {
    await store.add([rule]);
  };
}

function pathsOf(
  rules: readonly Rule[],
  { home, env, protectedPaths }: AskingOptions,
): Omit<RequestPermissions, "gate"> {
  const place = { home, insideHome: homePath, protectedPaths };
  const allowed = splitAllowed(rules, place);
  return {
    askable: [...askablePaths({ ...place, env }), ...allowed.askable],
    hidden: protectedPaths,
    ...(allowed.shown.length === 0 ? {} : { shown: allowed.shown }),
  };
}

/** What was accepted by an earlier start of the server, which allowed more, is not run either. */
function refuseOthers(
  { network, hostFiles }: ExecutionRequest,
  allowed: AskingOptions["allowed"],
): void {
  const refuse = (field: string): Error =>
    new GloveboxError("NOT_ALLOWED", `${field}: this server does not allow "ask".`, { field });
  if (network.mode === "ask" && !allowed.network) throw refuse("network");
  if (hostFiles === "ask" && !allowed.files) throw refuse("host_files");
}

/** A program chooses how often it asks, and for how much. */
const MAX_TOLD = 1000;

function onceEach(tell: (decision: NewDecision) => void): (decision: NewDecision) => void {
  const told = new Set<string>();
  return (decision) => {
    const { subject, isAllowed, by } = decision;
    const key = JSON.stringify([subject, isAllowed, by]);
    if (told.has(key) || told.size >= MAX_TOLD) return;
    told.add(key);
    tell(decision);
  };
}
