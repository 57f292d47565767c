/**
 * @module
 * What one run from the command line consists of, whoever makes its sandbox.
 */
import type { Readable } from "node:stream";
import type { Provider } from "../core/provider.ts";
import type { LanguageIndex } from "../languages/index-languages.ts";
import type { ExecutionReport, ExecutionRequest } from "../service/request.ts";
import type { RunAsking } from "./asking/run-asking.ts";
import type { OwnTerminal } from "./own-terminal.ts";
import type { Review } from "./review-changes.ts";
import type { RunDoor } from "./run-door.ts";
import type { OpenedProvider } from "./opened-provider.ts";
import type { RunOptions } from "./run-options.ts";
import type { Interruption } from "./signals.ts";

export interface RunParts {
  readonly request: Omit<ExecutionRequest, "stdin">;
  /** Opens our stdin: not before there is a program to read it. */
  readonly stdin: "empty" | (() => Readable | "empty");
  readonly options: RunOptions;
  /** What was installed for a function, and where in it. */
  readonly packaged?: { readonly folder: string; readonly at: string } | undefined;
  /** Of a plugin; absent: it is one of ours. */
  readonly ownProvider?: (() => Provider | Promise<Provider>) | undefined;
  /** By a step before this one. Absent: it is opened now. */
  readonly opened?: OpenedProvider | undefined;
  /** The empty folder of `--out`. */
  readonly out: string | undefined;
  /** Of a run on a copy. */
  readonly review?: Review | undefined;
  /** Called with what `review` is to settle once our streams are at rest; with --json it is settled by then. */
  readonly onReport?: (report: ExecutionReport) => void;
  readonly interruption: Interruption;
  readonly terminal: OwnTerminal | undefined;
  readonly door: RunDoor;
  /** What it made on which other programs act, for people; after the run. */
  readonly newActedOn: () => readonly string[];
  /** Absent: nothing is asked. */
  readonly asking: RunAsking | undefined;
  readonly languages: () => LanguageIndex;
}
