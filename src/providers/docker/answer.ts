/**
 * @module
 * Answers of the daemon, checked like any input: what listens at its address may be anything.
 */
import * as z from "zod/mini";
import { GloveboxError } from "../../core/errors.ts";
import type { CallOptions, EngineClient } from "./engine/client.ts";

/**
 * What the daemon answers to a call, of this shape.
 *
 * @throws As `EngineClient`, and `PROVIDER_UNAVAILABLE` for an answer of another shape.
 */
export async function ask<T extends z.ZodMiniType>(
  client: EngineClient,
  schema: T,
  [method, path]: readonly [method: string, path: string],
  options: CallOptions = {},
): Promise<z.output<T>> {
  const answer = z.safeParse(schema, await client.request(method, path, options));
  if (answer.success) return answer.data;
  throw oddAnswer(`${method} ${path}`, answer.error);
}

/** @param call `GET /info` */
export function oddAnswer(call: string, cause?: unknown): GloveboxError<"PROVIDER_UNAVAILABLE"> {
  const hint = "Check that a Docker daemon listens there";
  return new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `docker: its answer to ${call} is not what a Docker daemon says. ${hint}.`,
    { provider: "docker", hint },
    { cause },
  );
}
