/**
 * @module
 * Runs a program while its caller waits: what the answering routes of all wires have in common.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { LoadedLanguage } from "../core/language.ts";
import { collect, type CollectedExecution } from "../service/collect.ts";
import { admit, type Admission, type Admitted } from "./admission.ts";
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
  await keys.charge(incoming.caller, 1);
  const collected = await runs.during(reply, async (signal) => collect(service, request, signal));
  return collected === undefined ? undefined : { ...collected, language };
}

/** For a wire whose executions are answered later: `executions.submit` takes the request. */
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
