/**
 * @module
 * What a program asked for, and what it got, as JSON has it.
 */
import { z } from "zod";
import { decisionScopes } from "../../core/permission.ts";
import { ruleSources } from "../../permissions/rule.ts";

const port = z.int();

export const subjectSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("net"),
    protocol: z.enum(["tcp", "udp"]),
    host: z.string(),
    port,
  }),
  z.strictObject({ kind: z.enum(["read", "write", "list", "socket"]), path: z.string() }),
  z.strictObject({ kind: z.literal("forward"), port }),
  z.strictObject({ kind: z.literal("env"), name: z.string() }),
]);

export const processSchema = z.strictObject({
  pid: z.int(),
  name: z.string(),
  executable: z.string(),
});

const decidedBySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("rule"), id: z.string(), source: z.enum(ruleSources) }),
  z.strictObject({
    kind: z.literal("answer"),
    by: z.enum(["terminal", "api", "broker", "nobody"]),
    scope: z.enum(decisionScopes),
  }),
  z.strictObject({
    kind: z.enum(["nobody", "timeout", "flood", "protected", "unshowable", "withdrawn", "failure"]),
  }),
]);

export const permissionReportSchema = z.strictObject({
  shown: z.array(z.strictObject({ path: z.string(), access: z.enum(["ro", "rw"]) })),
  decisions: z.array(
    z.strictObject({
      subject: subjectSchema,
      process: processSchema.optional(),
      decision: z.enum(["allow", "deny"]),
      decided_by: decidedBySchema,
      count: z.int(),
      first_at: z.string(),
      last_at: z.string(),
    }),
  ),
  omitted: z.int(),
  /** What happened and was no question: each has its `kind`, and what belongs to it. */
  notes: z.array(z.looseObject({ kind: z.string() })),
});
