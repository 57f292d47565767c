/**
 * @module
 * One run from the command line, as its steps have it in common. Each step makes its part of it.
 */
import type { Provider } from "../../core/provider.ts";
import type { LanguageIndex } from "../../languages/index-languages.ts";
import type { ExecutionReport, ExecutionRequest } from "../../service/request.ts";
import type { RunAsking } from "../asking/run-asking.ts";
import type { OwnTerminal } from "../own-terminal.ts";
import type { ResolvedProgram } from "../resolved-program.ts";
import type { Review } from "../review-changes.ts";
import type { RunDoor } from "../run-door.ts";
import type { RunForm } from "../run-form.ts";
import type { OpenedProvider } from "../opened-provider.ts";
import type { RunOptions } from "../run-options.ts";
import type { Interruption } from "../signals.ts";

export interface Run {
  readonly form: RunForm;
  readonly options: RunOptions;
  readonly resolved: ResolvedProgram;
  readonly languages: () => LanguageIndex;
  readonly interruption: Interruption;
  readonly door: RunDoor;
  /** Of a plugin; undefined: it is one of ours. */
  readonly ownProvider: (() => Provider | Promise<Provider>) | undefined;
  /** Who makes its sandbox, and of what kind: the first two names of its own steps. */
  readonly provider: string;
  readonly resource: string;
  /** What is asked of the service; a step may put another one in its place until it is run. */
  request: Omit<ExecutionRequest, "stdin">;
  /** What was installed for a function, and where in it; see `PackagedDependencies`. */
  packaged: { readonly folder: string; readonly at: string } | undefined;
  /** The provider, where something of it was to be deployed. */
  opened: OpenedProvider | undefined;
  /** The empty folder of `--out`. */
  out: string | undefined;
  terminal: OwnTerminal | undefined;
  asking: RunAsking | undefined;
  review: Review | undefined;
  /** Of a run on a copy, that `review` has not settled yet. */
  report: ExecutionReport | undefined;
  /** Of our process. Undefined until the program has ended. */
  exitCode: number | undefined;
}
