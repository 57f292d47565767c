/**
 * @module
 * Metrics, traces and the audit log of a server, and what executions tell them.
 */
import type { Logger } from "pino";
import type { ServerConfig } from "../config/server-config.ts";
import type { CallbackAttempt, CallbackFailure } from "../service/executions/callback-delivery.ts";
import type { ExecutionInfo, ExecutionResult } from "../service/executions/execution-info.ts";
import type { ExecutionReport, ExecutionRequest } from "../service/request.ts";
import { noAudit, openAudit, type Audit } from "../observe/audit.ts";
import { startHistory } from "../observe/history.ts";
import { createMetrics } from "../observe/metrics.ts";
import { startTracing, tracingTarget } from "../observe/tracing.ts";
import type { Observers } from "./observe-requests.ts";

export interface ServerObservers extends Observers {
  /** For `ExecutionService.onRan`. */
  readonly executionRan: (request: ExecutionRequest, report: ExecutionReport) => void;
  /** For executions that are answered later, at their end. */
  readonly executionEnded: (info: ExecutionInfo, result: () => ExecutionResult) => void;
  readonly callbackEnded: (attempt: CallbackAttempt, failure?: CallbackFailure) => void;
  /** Sends and writes what is left. Idempotent. */
  close(): Promise<void>;
}

export interface ObserversOptions {
  readonly config: Pick<ServerConfig, "auditFile" | "tracingEndpoint">;
  readonly languageIds: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Of Glovebox. */
  readonly version: string;
  readonly logger: Pick<Logger, "warn">;
  /** Takes the audit log, where it is to go there. */
  readonly stderr: { write(line: string): unknown };
}

/** @throws {GloveboxError} `INVALID_CONFIG` where the audit log can't be opened. */
export async function openObservers(options: ObserversOptions): Promise<ServerObservers> {
  const { logger, version, languageIds } = options;
  const audit = await openAuditLog(options);
  const target = tracingTarget(withEndpoint(options));
  const tracer = await startTracing(
    target && {
      ...target,
      serviceVersion: version,
      onTrouble: (trouble) => {
        logger.warn(trouble, "traces can't be sent");
      },
    },
  );
  const metrics = createMetrics({ languageIds });
  metrics.watch({ auditLinesLost: () => audit.lostLines() });
  const history = startHistory(metrics);
  return {
    audit,
    tracer,
    metrics,
    history,
    executionRan: (request, report) => {
      countPhases(metrics, request, report);
      writeDown(audit, request, report);
    },
    executionEnded: (info, result) => {
      if (info.state !== "failed") return;
      const code = result().error?.code ?? "INTERNAL";
      metrics.refused(code);
      if (code === "EXECUTION_LOST") metrics.executionLost();
      audit.executionEnded({
        executionId: info.id,
        callerId: info.callerId,
        languageId: info.language ?? NO_LANGUAGE,
        end: code,
        wallTimeMs: 0,
      });
    },
    callbackEnded: (attempt, failure) => {
      metrics.callbackEnded(attempt);
      if (failure !== undefined) logger.warn(failure, "a callback could not be delivered");
    },
    close: async () => {
      history.close();
      metrics.close();
      await Promise.all([tracer.close(), audit.close()]);
    },
  };
}

/** Of a command that belongs to no language. */
const NO_LANGUAGE = "none";

async function openAuditLog({ config, logger, stderr }: ObserversOptions): Promise<Audit> {
  const { auditFile: destination } = config;
  if (destination === undefined) return noAudit;
  return openAudit({
    destination,
    stderr,
    onTrouble: (trouble) => {
      logger.warn(trouble, "the audit log can't be written");
    },
  });
}

function withEndpoint({ env, config: { tracingEndpoint } }: ObserversOptions): NodeJS.ProcessEnv {
  if (tracingEndpoint === undefined) return env;
  return { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: tracingEndpoint };
}

const languageIdOf = ({ program }: ExecutionRequest, { runtime }: ExecutionReport): string =>
  runtime?.languageId ?? (program.kind === "code" ? program.language : NO_LANGUAGE);

function countPhases(
  metrics: Observers["metrics"],
  request: ExecutionRequest,
  report: ExecutionReport,
): void {
  const languageId = languageIdOf(request, report);
  for (const phase of ["compile", "run"] as const) {
    const execution = report[phase];
    if (execution === undefined || execution === null) continue;
    const { outcome, usage } = execution;
    metrics.executionEnded({ languageId, phase, outcome, wallTimeMs: usage.wallTimeMs });
  }
}

function writeDown(audit: Audit, request: ExecutionRequest, report: ExecutionReport): void {
  const last = report.run ?? report.compile;
  const { requestId, ip } = request.origin ?? {};
  audit.executionEnded({
    ...(requestId === undefined ? {} : { requestId }),
    ...(ip === undefined ? {} : { ip }),
    callerId: request.turn?.callerId ?? "none",
    executionId: report.id,
    languageId: languageIdOf(request, report),
    end: last?.outcome ?? { kind: "canceled" },
    wallTimeMs: last?.usage.wallTimeMs ?? 0,
  });
}
