/**
 * @module
 * Whom the executions of a server ask, put together from its parts.
 */
import { homedir } from "node:os";
import { isAbsolute, resolve } from "node:path";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import type { ServerConfig } from "./config/server-config.ts";
import { storageFolder } from "./config/storage-folder.ts";
import type { Endpoint } from "./core/permission.ts";
import type { NewDecision } from "./permissions/decision-log.ts";
import { openRuleStore, type RuleStore } from "./permissions/rule-store.ts";
import { subjectKey } from "./permissions/subject.ts";
import type { ServerObservers } from "./server/open-observers.ts";
import { createAskBoard, type AskBoard } from "./service/permissions/ask-board.ts";
import { createAsking, type OpenAskingFor } from "./service/permissions/open-asking.ts";
import { parseOperatorRules } from "./service/permissions/operator-rules.ts";
import type { ExecutionRequest } from "./service/request.ts";
import { canonicalPath } from "./util/canonical-path.ts";
import { ownFolders } from "./util/own-folders.ts";
import { stateFolder } from "./util/user-folders.ts";

export interface ServedAsking {
  readonly asks: AskBoard;
  /** Of this process's user. */
  readonly home: string;
  /** Undefined where the operator allows no questions. */
  readonly openAsking: OpenAskingFor | undefined;
  /** No sandbox reaches these, whatever anybody answers. */
  readonly protect: (servers: readonly Listening[]) => void;
}

interface Listening {
  /** Of all its sockets; empty before it listens. */
  addresses(): readonly (AddressInfo | string)[];
}

interface AskingParts {
  readonly config: ServerConfig;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** As it was named. */
  readonly configFile: string | undefined;
  readonly observers: ServerObservers;
  readonly logger: Logger;
}

/** @throws {GloveboxError} `INVALID_CONFIG` for a rule that is none. */
export function createServedAsking(parts: AskingParts): ServedAsking {
  const { config, env, observers, logger } = parts;
  const { askTimeoutMs, files, always } = config.permissions;
  const home = canonicalPath(homedir());
  const rules = parseOperatorRules(config.permissions, home);
  const asks = createAskBoard({ askTimeoutMs });
  observe(asks, observers);
  let servers: readonly Listening[] = [];
  const allowed = { network: config.network.allowed.includes("ask"), files: files === "ask" };
  const openAsking = createAsking({
    ...{ board: asks, allowed, rules, askTimeoutMs, home, env },
    storeOf: always ? storesIn(stateFolder(env)) : undefined,
    protectedPaths: protectedPaths(parts),
    forbidden: () => endpointsOf(servers),
    onDecision: (decision, request) => {
      writeDown(observers.audit, decision, request);
    },
    note: (reason, { executionId: execution }) => {
      logger.info({ execution, reason }, "of an execution that asks");
    },
  });
  return {
    asks,
    home,
    openAsking: allowed.network || allowed.files ? openAsking : undefined,
    protect: (all) => {
      servers = all;
    },
  };
}

/** The rules of each caller are a project of their own: no other caller's, and none of this machine's. */
function storesIn(state: string | undefined): ((callerId: string) => RuleStore) | undefined {
  if (state === undefined) return undefined;
  return (callerId) => openRuleStore(state, `http:${callerId}`);
}

/** With these a program could make itself what it was not allowed: keys, rules, what others run. */
function protectedPaths({ config, env, cwd, configFile }: AskingParts): readonly string[] {
  const { auditFile, compileCache } = config;
  const paths = [
    storageFolder(config, env),
    compileCache.folder,
    auditFile,
    resolve(cwd, configFile ?? "glovebox.yaml"),
  ];
  const written = paths.filter((path) => path !== undefined && isAbsolute(path)) as string[];
  return [...new Set([...ownFolders(env), ...written.map(canonicalPath)])];
}

/** A socket with a path is in a folder that is protected. */
function endpointsOf(servers: readonly Listening[]): readonly Endpoint[] {
  const all = servers.flatMap((server) => server.addresses());
  return all.filter((each): each is AddressInfo => typeof each !== "string");
}

function observe(asks: AskBoard, { metrics }: ServerObservers): void {
  metrics.watch({ questionsOpen: () => asks.list({}).length });
  asks.subscribe({}, (event) => {
    if (event.kind === "ask") return;
    if (event.kind !== "answered") metrics.questionEnded(event.kind);
    else metrics.questionEnded(event.answer.isAllowed ? "allowed" : "denied");
  });
}

function writeDown(
  audit: ServerObservers["audit"],
  { subject, isAllowed, by }: NewDecision,
  { id = "", origin, turn }: ExecutionRequest,
): void {
  const detail = by.kind === "rule" ? by.id : by.kind === "answer" ? by.scope : undefined;
  audit.permissionDecided({
    ...(origin === undefined ? {} : { requestId: origin.requestId, ip: origin.ip }),
    executionId: id,
    callerId: turn?.callerId ?? "none",
    subject: subjectKey(subject),
    decision: isAllowed ? "allow" : "deny",
    decidedBy: by.kind,
    ...(detail === undefined ? {} : { detail }),
  });
}
