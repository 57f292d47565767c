/**
 * @module
 * Programs behind short links, as the JSON of the v1 API has them.
 */
import type { ExecuteRequest, SourceFile } from "./types.ts";

/** What of a run is kept: the program, and how it is run. */
export type SharedProgram = Pick<
  ExecuteRequest,
  "language" | "version" | "entry" | "stdin" | "args" | "compile_args" | "limits" | "network"
> & { readonly files: readonly SourceFile[] };

export interface ShareRequest extends SharedProgram {
  /** At most 120 characters. */
  readonly title?: string | undefined;
  /** Id of the share that it was made of. */
  readonly forked_from?: string | undefined;
}

/** Times are ISO 8601, UTC. */
export interface Share {
  readonly id: string;
  readonly created_at: string;
  /** Later, each time that it is opened. */
  readonly expires_at: string;
  /** Told once: whoever has it may remove the share. */
  readonly delete_key: string;
  /** Of its page on the server: `/s/ID`. */
  readonly path: string;
}

export interface OpenedShare {
  readonly id: string;
  readonly title: string | null;
  readonly created_at: string;
  readonly expires_at: string;
  readonly forked_from: string | null;
  readonly program: SharedProgram;
}
