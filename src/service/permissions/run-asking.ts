/**
 * @module
 * An execution that may ask, from its turn to its report.
 */
import { GloveboxError } from "../../core/errors.ts";
import type { ExecutionReport, ExecutionRequest } from "../request.ts";
import type { OpenAskingFor } from "./open-asking.ts";

/** True where somebody is to be asked, and its door has not said who. */
const asksSomebody = ({ network, hostFiles, permissions }: ExecutionRequest): boolean =>
  permissions === undefined && (network.mode === "ask" || hostFiles === "ask");

/**
 * As `run`; of one that asks, with somebody who is asked.
 *
 * @throws {GloveboxError} `NOT_ALLOWED` where nobody can be asked; `SHUTTING_DOWN` where that came to be
 * so while it waited; what `run` throws.
 */
export async function runAsking(
  request: ExecutionRequest,
  openAsking: OpenAskingFor | undefined,
  run: (request: ExecutionRequest, signal: AbortSignal) => Promise<ExecutionReport>,
  signal: AbortSignal,
): Promise<ExecutionReport> {
  if (!asksSomebody(request)) return run(request, signal);
  if (openAsking === undefined) throw nobodyToAsk(request);
  using asking = await openAsking(request);
  const ends = AbortSignal.any([signal, asking.signal]);
  const report = await run(asking.request, ends);
  if (!signal.aborted) asking.signal.throwIfAborted();
  return { ...report, permissions: asking.report() };
}

function nobodyToAsk({ network }: ExecutionRequest): GloveboxError<"NOT_ALLOWED"> {
  const field = network.mode === "ask" ? "network" : "host_files";
  const message = `${field}: "ask" needs somebody who can answer while the program waits, and here is nobody to ask.`;
  return new GloveboxError("NOT_ALLOWED", message, { field });
}
