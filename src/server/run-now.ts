/**
 * @module
 * Runs a program while its caller waits: what the answering routes of all wires have in common.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { LoadedLanguage } from "../core/language.ts";
import { collect, type CollectedExecution } from "../service/collect.ts";
import type { Submission, Submitted } from "../service/executions/submission.ts";
import { admit, type Admission, type Admitted } from "./admission.ts";
import { aboutRun } from "./held-runs.ts";
import type { ExecuteBody } from "./schemas.ts";
import type { ServerContext } from "./server-options.ts";

export interface RanNow extends CollectedExecution {
  readonly language: LoadedLanguage;
}

/**
 * @param body As POST /v1/execute takes it, checked against its schema or made by a wire.
 * @returns Undefined where the client is gone: the handler answers `reply.hijack()`.
 * @throws {GloveboxError} See `admit`, `ServedKeys.charge`, `ExecutionService.run`.
 */
export async function runNow(
  context: ServerContext,
  incoming: FastifyRequest,
  reply: FastifyReply,
  body: ExecuteBody,
): Promise<RanNow | undefined> {
  const { service, keys, runs } = context;
  const { request, language } = admitFor(context, incoming, body);
  const collected = await charged(keys, incoming.caller, 1, async () =>
    runs.during(
      reply,
      async (signal) => collect(service, request, signal),
      aboutRun(incoming, language.id),
    ),
  );
  return collected === undefined ? undefined : { ...collected, language };
}

/**
 * Accepts executions that are answered later; see `admitFor`.
 *
 * @throws {GloveboxError} See `ServedKeys.charge`, `Executions.submit`: then none is accepted.
 */
export async function submitFor(
  { keys, executions }: ServerContext,
  { caller }: FastifyRequest,
  submissions: readonly Submission[],
): Promise<readonly Submitted[]> {
  const submitted = await charged(keys, caller, runsOf(submissions), async () =>
    executions.submit(submissions),
  );
  const replayed = submissions.filter((_each, index) => submitted[index]?.isReplayed);
  await keys.giveBack(caller, runsOf(replayed));
  return submitted;
}

const runsOf = (submissions: readonly Submission[]): number =>
  submissions.reduce((sum, { maxRuns = 1 }) => sum + maxRuns, 0);

/**
 * Takes executions out of what a caller may have today. What fails by our own fault, or for want of
 * room, costs nothing.
 *
 * @throws {GloveboxError} See `Keys.charge`.
 */
export async function charged<T>(
  keys: Pick<ServerContext["keys"], "charge" | "giveBack">,
  caller: FastifyRequest["caller"],
  count: number,
  work: () => Promise<T>,
): Promise<T> {
  await keys.charge(caller, count);
  try {
    return await work();
  } catch (error) {
    await keys.giveBack(caller, count);
    throw error;
  }
}

/** For a wire whose executions are answered later: `submitFor` takes the request. */
export function admitFor(
  context: ServerContext,
  { caller, id: requestId, ip, span }: FastifyRequest,
  body: ExecuteBody,
): Admitted {
  const { request, language } = admit(body, caller, admissionOf(context));
  const trace = span.reference;
  const origin = { requestId, ip, ...(trace === undefined ? {} : { trace }) };
  return { request: { ...request, origin }, language };
}

function admissionOf({ service, config }: ServerContext): Admission {
  const { languages, defaultProvider } = service;
  return { languages, config, defaultProvider };
}
