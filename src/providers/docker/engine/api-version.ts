/**
 * @module
 * Which version of the API to speak. Docker promises that a daemon understands all between its
 * lowest and its highest.
 */
// The small one: this is part of the CLI's quick bundle.
import * as z from "zod/mini";
import { GloveboxError } from "../../../core/errors.ts";
import type { Endpoint } from "./endpoint.ts";
import { failure } from "./errors.ts";

/** Docker 19.03. What is older lacks fields that the provider relies on, and would ignore them. */
const OLDEST = 40;
/** Docker 25; Docker 29 understands nothing lower. */
const NEWEST = 44;

const version = z.pipe(
  z.string().check(z.regex(/^1\.\d{1,4}$/)),
  z.transform((text: string) => Number(text.slice(2))),
);
/** Podman and old daemons may leave out the lowest. */
const answerSchema = z.object({ ApiVersion: version, MinAPIVersion: z.optional(version) });

/**
 * @param answer What `GET /version` said.
 * @returns Like `1.44`: the newest that both sides know.
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE` for a daemon that is too old.
 * @throws {Error} for an answer that is none of a Docker daemon.
 */
export function chooseApiVersion(endpoint: Endpoint, answer: unknown): string {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) throw failure("NOT_DOCKER", "it does not say which API version it speaks");
  const { ApiVersion: highest, MinAPIVersion: lowest = 0 } = parsed.data;
  if (highest < OLDEST) {
    const hint = "Update it to Docker 19.03 or newer";
    throw new GloveboxError(
      "PROVIDER_UNAVAILABLE",
      `docker: the daemon at ${endpoint.description} speaks API version 1.${highest}, 1.${OLDEST} is needed. ${hint}.`,
      { provider: "docker", hint },
    );
  }
  return `1.${Math.max(Math.min(highest, NEWEST), lowest)}`;
}
