/**
 * @module
 * The shapes of executions that are answered later, in the v1 API.
 */
import { z } from "zod";
import type { ServerConfig } from "../../config/server-config.ts";
import { executionStates } from "../../service/executions/execution-info.ts";
import { namesPrivateHost } from "../../util/public-address.ts";
import { askSchema } from "../asks/schemas.ts";
import { executeAnswerSchema, executeBodySchema } from "../schemas.ts";

const MAX_URL_CHARS = 2048;
const MAX_TTY = 65_535;
/** A client asks again after this, and proxies would give up. */
export const maxWaitS = 60;
export const maxListed = 100;

const httpUrl = z
  .string()
  .max(MAX_URL_CHARS)
  .refine((text) => /^[!-~]*$/.test(text), { error: "must have printable ASCII characters only" })
  .refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), {
    error: "must be an address that begins with http:// or https://",
  })
  .refine((text) => !URL.canParse(text) || hasNoCredentials(new URL(text)), {
    error: "must have no user and password: they would be kept, and can't be told from a trick",
  });

/** Others are refused when they turn out to be none of the public Internet: names may change. */
export function callbackUrl({ callbacks }: Pick<ServerConfig, "callbacks">) {
  return httpUrl.refine(
    (text) => callbacks.allowPrivate || !URL.canParse(text) || !namesPrivateHost(new URL(text)),
    { error: "must lead to the public Internet; the operator can allow others" },
  );
}

const hasNoCredentials = ({ username, password }: URL): boolean => username + password === "";

/** The body of POST /v1/executions. */
export function submitBodySchema(config: ServerConfig) {
  const side = z.int().min(1).max(MAX_TTY);
  return executeBodySchema(config).extend({
    callback_url: callbackUrl(config).optional(),
    priority: z.int().min(-10).max(10).optional(),
    interactive: z.boolean().optional(),
    tty: z.strictObject({ columns: side, rows: side }).optional(),
  });
}

export type SubmitBody = z.output<ReturnType<typeof submitBodySchema>>;

/** The body of POST /v1/executions/batch; each element is checked by itself. */
export function batchBodySchema({ executions }: ServerConfig) {
  return z.strictObject({ executions: z.array(z.unknown()).min(1).max(executions.maxBatch) });
}

const errorSchema = z.strictObject({ code: z.string(), message: z.string(), details: z.unknown() });

export const executionSchema = z.strictObject({
  id: z.string(),
  state: z.enum(executionStates),
  language: z.string().nullable(),
  priority: z.int(),
  interactive: z.boolean(),
  attempts: z.int(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  finished_at: z.string().nullable(),
  waiting_for: z.array(askSchema).optional(),
  result: executeAnswerSchema.optional(),
  error: errorSchema.optional(),
});

export const batchAnswerSchema = z.strictObject({
  executions: z.array(z.union([executionSchema, z.strictObject({ error: errorSchema })])),
});

/** Text of a query; a number in it. */
const queryNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, { error: `must be a whole number from ${min} to ${max}` })
    .transform(Number)
    .refine((value) => value >= min && value <= max, {
      error: `must be a whole number from ${min} to ${max}`,
    });

export const getQuerySchema = z.strictObject({ wait: queryNumber(0, maxWaitS).optional() });

export const listQuerySchema = z.strictObject({
  state: z.enum(executionStates).optional(),
  limit: queryNumber(1, maxListed).optional(),
  cursor: queryNumber(1, Number.MAX_SAFE_INTEGER).optional(),
  /** With commas: just these, with their results. */
  ids: z
    .string()
    .max(maxListed * 40)
    .optional(),
});

export const listAnswerSchema = z.strictObject({
  executions: z.array(executionSchema.nullable()),
  /** For the next page; null on the last one. */
  next_cursor: z.string().nullable(),
});
