/**
 * @module
 * What a client says. The shapes bound what is kept of a message; what the operator allows is judged by
 * the server.
 */
import { z } from "zod";
import { isSignalName } from "../util/signal-name.ts";
import { maxArgs, maxCollectPaths, maxVariables } from "./bounds.ts";
import { byteCount, fileMessage, takenMessage, turnNumber } from "./shared-messages.ts";

const MAX_PATH_CHARS = 4096;

/** Bounded before zod looks at the elements: it makes a record for each that is wrong. */
const shortList = (max: number) =>
  z
    .custom<unknown[]>((value) => Array.isArray(value) && value.length <= max, {
      error: `must be an array of at most ${max} elements`,
    })
    .pipe(z.array(z.string()));

const variables = z
  .custom<Record<string, unknown>>(isShortRecord, {
    error: `must be an object of at most ${maxVariables} variables`,
  })
  .pipe(z.record(z.string(), z.string()));

function isShortRecord(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  // A key that JSON.parse makes an ordinary property; zod's records drop it without a word.
  return Object.keys(value).length <= maxVariables && !Object.hasOwn(value, "__proto__");
}

const ttyFields = {
  columns: z.int().min(1).max(65_535),
  rows: z.int().min(1).max(65_535),
};

export const sandboxWishSchema = z.strictObject({
  image: z.string().max(1024).optional(),
  network: z.enum(["none", "all"]),
  limits: z.strictObject({
    memory_bytes: byteCount,
    processes: byteCount,
    disk_bytes: byteCount,
    open_files: byteCount,
  }),
  enforcement: z.enum(["strict", "best-effort"]),
});
/** What a sandbox shall be like, but for its files. */
export type SandboxWish = z.output<typeof sandboxWishSchema>;

export const wiredCommandSchema = z.strictObject({
  argv: shortList(maxArgs),
  env: variables,
  cwd: z.string().max(MAX_PATH_CHARS),
  stdin: z.enum(["empty", "stream"]),
  tty: z.strictObject(ttyFields).optional(),
  limits: z.strictObject({
    wall_time_ms: byteCount,
    cpu_time_ms: byteCount,
    output_bytes: byteCount,
  }),
  on_output_limit: z.enum(["truncate", "kill"]),
});
export type WiredCommand = z.output<typeof wiredCommandSchema>;

export const clientMessageSchema = z.discriminatedUnion("type", [
  /** The first; then come the files, then `start`. */
  z.strictObject({ type: z.literal("create"), sandbox: sandboxWishSchema }),
  fileMessage,
  z.strictObject({ type: z.literal("start") }),
  z.strictObject({ type: z.literal("exec"), turn: turnNumber, command: wiredCommandSchema }),
  z.strictObject({ type: z.literal("stdin_end"), turn: turnNumber }),
  z.strictObject({
    type: z.literal("collect"),
    turn: turnNumber,
    paths: shortList(maxCollectPaths),
    max_files: byteCount,
    max_bytes: byteCount,
  }),
  /** The client no longer waits for what runs or collects: it shall end. */
  z.strictObject({ type: z.literal("cancel"), turn: turnNumber }),
  z.strictObject({
    type: z.literal("kill"),
    turn: turnNumber,
    signal: z.string().refine(isSignalName, { error: "must be the name of a signal" }),
  }),
  z.strictObject({ type: z.literal("resize"), turn: turnNumber, ...ttyFields }),
  takenMessage,
  /** The last: the server closes when the sandbox is gone. */
  z.strictObject({ type: z.literal("destroy") }),
]);
export type ClientMessage = z.output<typeof clientMessageSchema>;
