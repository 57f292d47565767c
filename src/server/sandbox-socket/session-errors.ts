/**
 * @module
 * Why a session, or what was asked of it, came to no answer.
 */
import { GloveboxError } from "../../core/errors.ts";

/** Told where nothing came of it that could be told as canceled: of files, or before a command began. */
export function canceled(): GloveboxError<"CONFLICT"> {
  const reason = "the client canceled it";
  return new GloveboxError("CONFLICT", `There is no answer: ${reason}.`, { reason });
}

/** @param why `nothing ran in it for 60 s` */
export function ended(why: string): GloveboxError<"SANDBOX_FAILED"> {
  const message = `the server ended the sandbox: ${why}. Create another one.`;
  return new GloveboxError("SANDBOX_FAILED", message, { provider: "remote", step: "wait" });
}
