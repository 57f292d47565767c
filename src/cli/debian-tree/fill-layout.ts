/**
 * @module
 * From what mmdebstrap writes to an OCI layout.
 */
import { GloveboxError } from "../../core/errors.ts";
import { writeLayout } from "./layout.ts";
import { openToolOutput, type ToolTalk } from "../tool-output.ts";
import { startOwned } from "./owned-process.ts";

export interface FillLayout extends ToolTalk {
  /** Writes the tar of a root file system to its stdout. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** A folder that is not there yet. */
  readonly layout: string;
  /** Of the language, for people. */
  readonly title: string;
}

/**
 * @throws {GloveboxError} `SANDBOX_FAILED`
 * @throws The reason of `signal` after its abort.
 */
export async function fillLayout(
  { argv, env, layout, title, isQuiet, isVerbose }: FillLayout,
  signal: AbortSignal,
): Promise<void> {
  using said = openToolOutput({ title: `${title}: making the tree`, isQuiet, isVerbose });
  const { stdout, stderr, ended } = startOwned(argv, env, signal);
  said.follow(stderr);
  const written = writeLayout(layout, stdout).finally(() => {
    // Where nobody reads, nobody would get to its end.
    stdout.destroy();
  });
  // Both, also where one fails: nothing may be written to a folder that goes.
  const [exitCode, layer] = await Promise.allSettled([ended, written]);
  signal.throwIfAborted();
  // First: a full disk also ends who writes into the pipe.
  if (layer.status === "rejected") {
    throw failed(`the tree of ${title} could not be written to \`${layout}\``, layer.reason);
  }
  if (exitCode.status === "rejected") {
    throw failed(`mmdebstrap could not be started for ${title}`, exitCode.reason);
  }
  if (exitCode.value === 0) return;
  said.showEnd();
  throw failed(
    `mmdebstrap could not make the tree of ${title}; what it said last is above. The packages are kept for the next attempt`,
  );
}

function failed(what: string, cause?: unknown): GloveboxError<"SANDBOX_FAILED"> {
  const reason = cause instanceof Error ? `: ${cause.message}` : "";
  return new GloveboxError(
    "SANDBOX_FAILED",
    `${what}${reason}.`,
    { provider: "linux", step: "make a Debian tree" },
    { cause },
  );
}
