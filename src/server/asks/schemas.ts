/**
 * @module
 * The shapes of questions and answers in the v1 API.
 */
import { z } from "zod";
import { decisionScopes } from "../../core/permission.ts";
import { processSchema, subjectSchema } from "./subject-schema.ts";

const MAX_PATTERN_CHARS = 4096;

export const askSchema = z.strictObject({
  id: z.string(),
  execution_id: z.string(),
  subject: subjectSchema,
  process: processSchema.nullable(),
  meaning: z.string().nullable(),
  because: z.string().nullable(),
  pattern: z.string(),
  folder: z.string().nullable(),
  asked_at: z.string(),
  expires_at: z.string(),
});

export const asksAnswerSchema = z.strictObject({ asks: z.array(askSchema) });

export const askParams = z.strictObject({ id: z.string().max(64) });

/** The body of POST /v1/asks/ID. */
export const answerBodySchema = z.strictObject({
  answer: z.enum(["allow", "deny"]),
  scope: z.enum(decisionScopes).optional(),
  as: z.string().min(1).max(MAX_PATTERN_CHARS).optional(),
});

export type AnswerBody = z.output<typeof answerBodySchema>;

export const answeredSchema = z.strictObject({
  id: z.string(),
  execution_id: z.string(),
  answer: z.enum(["allow", "deny"]),
  scope: z.enum(decisionScopes),
});
