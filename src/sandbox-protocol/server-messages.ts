/**
 * @module
 * What a server says.
 */
import { z } from "zod";
import type { SkipReason } from "../core/collected.ts";
import { controls, type Control } from "../core/enforcement.ts";
import { outcomeLimits, type OutcomeLimit } from "../core/outcome.ts";
import { snakeCase } from "../util/snake-case.ts";
import { byteCount, fileMessage, takenMessage, turnNumber } from "./shared-messages.ts";

/** The answer to a plain GET of `sandboxPath`. */
export const sandboxOfferSchema = z.object({
  name: z.literal("glovebox"),
  version: z.string(),
  protocol: z.int(),
  /** Of the sandboxes that are made here. */
  provider: z.object({ name: z.string(), programs: z.enum(["host", "image"]) }),
});
export type SandboxOffer = z.output<typeof sandboxOfferSchema>;

export const wiredEnforcementSchema = z.record(
  z.enum(controls.map(snakeCase<Control>)),
  z.object({
    level: z.enum(["enforced", "weaker", "missing"]),
    by: z.string(),
    note: z.string(),
  }),
);
export type WiredEnforcement = z.output<typeof wiredEnforcementSchema>;

export const skipReasons = [
  "special",
  "link",
  "tooLarge",
  "unreadable",
  "name",
] as const satisfies readonly SkipReason[];

const amount = z.number().min(0);

export const wiredExecutionSchema = z.strictObject({
  outcome: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("exited"), exit_code: z.int() }),
    z.strictObject({
      kind: z.literal("signaled"),
      signal: z.string().regex(/^SIG[A-Z0-9+-]{1,16}$/),
    }),
    z.strictObject({
      kind: z.literal("limit"),
      limit: z.enum(outcomeLimits.map(snakeCase<OutcomeLimit>)),
      exit_code: z.int().nullable(),
    }),
    z.strictObject({ kind: z.literal("canceled") }),
  ]),
  usage: z.strictObject({
    wall_ms: amount,
    cpu_ms: amount.optional(),
    peak_memory_bytes: amount.optional(),
  }),
  dropped_bytes: z.strictObject({ stdout: amount, stderr: amount }),
  has_artifacts: z.boolean().optional(),
});
export type WiredExecution = z.output<typeof wiredExecutionSchema>;

const errorSchema = z.strictObject({
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()),
});
export type WiredError = z.output<typeof errorSchema>;

/** The answer of a request that was refused before there was a connection. */
export const errorAnswerSchema = z.object({ error: errorSchema });

export const serverMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("created"),
    id: z.string(),
    enforcement: wiredEnforcementSchema,
    /** The most that a command may ask for. */
    limits: z.strictObject({
      wall_time_ms: byteCount,
      cpu_time_ms: byteCount,
      output_bytes: byteCount,
    }),
  }),
  z.strictObject({
    type: z.literal("ended"),
    turn: turnNumber,
    execution: wiredExecutionSchema,
  }),
  fileMessage,
  z.strictObject({
    type: z.literal("skipped"),
    turn: turnNumber,
    path: z.string(),
    reason: z.enum(skipReasons.map(snakeCase<SkipReason>)),
  }),
  z.strictObject({ type: z.literal("collected"), turn: turnNumber, is_complete: z.boolean() }),
  /** Of a command or of collecting; turn 0: there will be no sandbox. */
  z.strictObject({ type: z.literal("failed"), turn: turnNumber, error: errorSchema }),
  /** The server ends the sandbox by itself; the end of the connection follows. */
  z.strictObject({ type: z.literal("over"), error: errorSchema }),
  takenMessage,
]);
export type ServerMessage = z.output<typeof serverMessageSchema>;
