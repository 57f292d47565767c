/**
 * @module
 * What a program would have changed in a folder of the user's: decided about later, so it is kept as a
 * file. Contents lie beside it as numbered files.
 */
import { z } from "zod";
import { isBytePath } from "../core/changes.ts";

/** See `BytePath`. */
const path = z.string().refine(isBytePath);
const mode = z.int().min(0).max(0o7777);
const size = z.int().min(0);

/** By these it is known again; times in ns since 1970. */
const seen = z.strictObject({ dev: z.string(), ino: z.string(), size, mtimeNs: z.string() });

const before = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("file"), mode, size, seen }),
  z.strictObject({ kind: z.literal("folder"), mode, seen }),
  z.strictObject({ kind: z.literal("link"), target: z.string(), seen }),
  /** A pipe, a socket, a device. */
  z.strictObject({ kind: z.literal("special"), seen }),
]);

const after = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("file"),
    mode,
    size,
    /** The number of its content; absent: it is as before. */
    blob: z.int().min(0).optional(),
  }),
  z.strictObject({ kind: z.literal("folder"), mode }),
  z.strictObject({ kind: z.literal("link"), target: z.string() }),
]);

const change = z
  .strictObject({
    path,
    /** Absent: it was not there. */
    before: before.optional(),
    /** Absent: it is not there any more. */
    after: after.optional(),
    /** Something in the folder itself has changed since the run began. */
    isConflict: z.literal(true).optional(),
  })
  .refine((it) => it.before !== undefined || it.after !== undefined);

export const changeSetSchema = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  /** Absolute, without symbolic links when it was looked at. */
  folder: z.string(),
  folderIdentity: z.strictObject({ dev: z.string(), ino: z.string() }),
  command: z.string(),
  /** ISO 8601. */
  endedAt: z.string(),
  /** Sorted: a folder before what is in it. */
  changes: z.array(change).readonly(),
  leftOut: z
    .array(
      z.strictObject({
        path: z.string(),
        reason: z.enum(["special", "tooLarge", "unreadable", "name"]),
      }),
    )
    .readonly(),
  /** False where there was more than is taken out in one go. */
  isComplete: z.boolean(),
});

export type ChangeSet = z.infer<typeof changeSetSchema>;
export type Change = ChangeSet["changes"][number];
export type Before = NonNullable<Change["before"]>;
export type After = NonNullable<Change["after"]>;
export type Seen = Before["seen"];

export type Effect = "added" | "changed" | "deleted";

export const effectOf = ({ before: was, after: is }: Change): Effect => {
  if (is === undefined) return "deleted";
  return was === undefined ? "added" : "changed";
};

/** A file in the place of a folder, and the like: the one must go before the other can come. */
export const isReplaced = ({ before: was, after: is }: Change): boolean =>
  was !== undefined && is !== undefined && was.kind !== is.kind;
