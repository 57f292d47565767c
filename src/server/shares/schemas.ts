/**
 * @module
 * The shapes of programs behind links, in the v1 API.
 */
import { z } from "zod";
import type { ServerConfig } from "../../config/server-config.ts";
import { executeBodySchema } from "../schemas.ts";

const MAX_TITLE_CHARS = 120;
const MAX_ID_CHARS = 64;
/** As names of files: nothing that turns the direction of writing. */
const titleForm = /^[^\p{Cc}\u2028-\u202e\u2066-\u2069]*$/u;

/** What of a request to run it is a part of a program that is shared. */
const programFields = {
  language: true,
  version: true,
  files: true,
  entry: true,
  stdin: true,
  args: true,
  compile_args: true,
  limits: true,
  network: true,
} as const;

function programSchema(config: ServerConfig) {
  return executeBodySchema(config).pick(programFields).required({ files: true });
}

/** The body of POST /v1/shares. */
export function shareBodySchema(config: ServerConfig) {
  return programSchema(config).extend({
    title: z
      .string()
      .regex(titleForm, { error: "must have no control characters" })
      .min(1)
      .max(MAX_TITLE_CHARS)
      .optional(),
    forked_from: z.string().min(1).max(MAX_ID_CHARS).optional(),
  });
}

export type ShareBody = z.output<ReturnType<typeof shareBodySchema>>;

export const shareParams = z.strictObject({ id: z.string().max(MAX_ID_CHARS) });

export const shareAnswerSchema = z.strictObject({
  id: z.string(),
  created_at: z.string(),
  expires_at: z.string(),
  delete_key: z.string(),
  path: z.string(),
});

export function openedShareSchema(config: ServerConfig) {
  return z.strictObject({
    id: z.string(),
    title: z.string().nullable(),
    created_at: z.string(),
    expires_at: z.string(),
    forked_from: z.string().nullable(),
    program: programSchema(config),
  });
}
