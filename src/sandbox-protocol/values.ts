/**
 * @module
 * Values of the core as messages have them, and back. Their JSON is snake_case.
 */
import { controls, type Enforcement } from "../core/enforcement.ts";
import { errorCatalog, GloveboxError, type ErrorCode } from "../core/errors.ts";
import type { Execution } from "../core/execution.ts";
import { outcomeLimits, type Outcome } from "../core/outcome.ts";
import { snakeCase } from "../util/snake-case.ts";
import type { WiredEnforcement, WiredError, WiredExecution } from "./server-messages.ts";

export function executionToWire(execution: Execution): WiredExecution {
  const { outcome, usage, droppedBytes, hasArtifacts } = execution;
  const { wallTimeMs, cpuTimeMs, peakMemoryBytes } = usage;
  return {
    outcome: outcomeToWire(outcome),
    usage: {
      wall_ms: wallTimeMs,
      ...(cpuTimeMs === undefined ? {} : { cpu_ms: cpuTimeMs }),
      ...(peakMemoryBytes === undefined ? {} : { peak_memory_bytes: peakMemoryBytes }),
    },
    dropped_bytes: { ...droppedBytes },
    ...(hasArtifacts === undefined ? {} : { has_artifacts: hasArtifacts }),
  };
}

export function executionFromWire(wired: WiredExecution): Execution {
  const { outcome, usage, dropped_bytes: droppedBytes, has_artifacts: hasArtifacts } = wired;
  const { wall_ms: wallTimeMs, cpu_ms: cpuTimeMs, peak_memory_bytes: peakMemoryBytes } = usage;
  return {
    outcome: outcomeFromWire(outcome),
    usage: {
      wallTimeMs,
      ...(cpuTimeMs === undefined ? {} : { cpuTimeMs }),
      ...(peakMemoryBytes === undefined ? {} : { peakMemoryBytes }),
    },
    droppedBytes,
    ...(hasArtifacts === undefined ? {} : { hasArtifacts }),
  };
}

function outcomeToWire(outcome: Outcome): WiredExecution["outcome"] {
  switch (outcome.kind) {
    case "exited":
      return { kind: "exited", exit_code: outcome.exitCode };
    case "signaled":
      return { kind: "signaled", signal: outcome.signal };
    case "limit":
      return { kind: "limit", limit: snakeCase(outcome.limit), exit_code: outcome.exitCode };
    case "canceled":
      return { kind: "canceled" };
  }
}

function outcomeFromWire(wired: WiredExecution["outcome"]): Outcome {
  switch (wired.kind) {
    case "exited":
      return { kind: "exited", exitCode: wired.exit_code };
    case "signaled":
      return { kind: "signaled", signal: wired.signal as NodeJS.Signals };
    case "limit": {
      const limit = outcomeLimits.find((name) => snakeCase(name) === wired.limit);
      if (limit === undefined) throw new Error(`no limit is called ${wired.limit}`);
      return { kind: "limit", limit, exitCode: wired.exit_code };
    }
    case "canceled":
      return { kind: "canceled" };
  }
}

/** What the operator of the server can do about a gap, a client is not told. */
export function enforcementFromWire(wired: WiredEnforcement): Enforcement {
  const rows = controls.map((control) => {
    const { level, by, note } = wired[snakeCase(control)];
    return [control, { level, by, note, remedy: "" }];
  });
  return Object.fromEntries(rows) as Enforcement;
}

export function errorToWire({ code, message, details }: GloveboxError): WiredError {
  return { code, message, details: { ...details } };
}

/** As the server threw it. A code that is unknown here is `INTERNAL`. */
export function errorFromWire({ code, message, details }: WiredError): GloveboxError {
  if (!isErrorCode(code)) {
    return new GloveboxError("INTERNAL", `${code.slice(0, 80)}: ${message}`, { id: "" });
  }
  const { hint = "", ...others } = details;
  // It is written to people: nothing but text will do.
  const text = "hint" in details ? { hint: typeof hint === "string" ? hint : "" } : {};
  return new GloveboxError(code, message, { ...others, ...text } as GloveboxError["details"]);
}

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorCatalog, code);
