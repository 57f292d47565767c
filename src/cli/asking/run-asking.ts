/**
 * @module
 * What a run needs of asking, whether it was found out yet what that is or not.
 */
import type { Readable } from "node:stream";
import type { NetworkPolicy } from "../../core/policy.ts";
import type { RequestPermissions } from "../../service/request.ts";
import type { ExecutionControl } from "../../service/request.ts";

export interface RunAsking extends Disposable {
  readonly network: NetworkPolicy;
  readonly permissions: RequestPermissions;
  /** The user wrote that something is to be asked about: a run that can't ask is none. */
  readonly isExplicit: boolean;
  /** Our stdin for the program, where questions need the terminal, too. */
  readonly programInput: Readable | undefined;
  /** Variables of ours that were asked about, and those that name what is shown. */
  readonly variables: (signal: AbortSignal) => Promise<Readonly<Record<string, string>>>;
  /** Ctrl-C in a question is the program's, too. */
  readonly attach: (control: ExecutionControl) => void;
  /** At the end, once: lines about what was denied, and more where that was asked for. */
  readonly summary: () => readonly string[];
  /** For `--json`. */
  readonly reportJson: () => unknown;
  /** Of our process, from that of the run. */
  readonly exitCode: (ofRun: number) => number;
}
