/**
 * @module
 * Messages that go both ways.
 */
import { z } from "zod";

export const turnNumber = z.int().min(0).max(0xffff_ffff);
/** Also of other counts. */
export const byteCount = z.int().min(0);

/** The bytes of the file follow in frames of their own. */
export const fileMessage = z.strictObject({
  type: z.literal("file"),
  turn: turnNumber,
  /** Relative to the workspace, see `parseFilePath`. */
  path: z.string(),
  executable: z.boolean(),
  bytes: byteCount,
});
export type FileMessage = z.output<typeof fileMessage>;

/** So much of a stream was read: there is room for more. Counted by `costOf`. */
export const takenMessage = z.strictObject({
  type: z.literal("taken"),
  turn: turnNumber,
  stream: z.enum(["stdin", "stdout", "stderr"]),
  bytes: byteCount,
});
