/**
 * @module
 * What the server is built from.
 */
import type { Logger } from "pino";
import type { ServerConfig } from "../config/server-config.ts";
import type { Provider } from "../core/provider.ts";
import type { Executions } from "../service/executions/executions.ts";
import type { Keys } from "../service/keys.ts";
import type { AskBoard } from "../service/permissions/ask-board.ts";
import type { ExecutionService } from "../service/service.ts";
import type { SharesStore } from "../service/shares.ts";
import type { Budgets } from "./budgets.ts";
import type { OutputHolds } from "./executions/hold-output.ts";
import type { HeldRuns } from "./held-runs.ts";
import type { LiveRuns } from "./live-runs.ts";
import type { Observers } from "./observe-requests.ts";

/** What the server needs of the execution service. Who made the service closes it, after the server. */
export type ServedService = Pick<
  ExecutionService,
  | "run"
  | "runLater"
  | "runtimes"
  | "runtimesOf"
  | "languages"
  | "probe"
  | "prepareLanguage"
  | "defaultProvider"
  | "slotStats"
  | "slotShares"
  | "onRan"
  | "createSandbox"
  | "defaultPrograms"
>;

/** What providers say of the sandboxes that they keep ready. */
export type PoolSource = Pick<Provider, "name" | "poolStats" | "poolKinds" | "destroying">;

export interface ServerOptions {
  readonly service: ServedService;
  /** Those that are answered later. Who made them closes them, after the server. */
  readonly executions: Executions;
  /** The questions of both, and of executions that are answered at once. */
  readonly asks: AskBoard;
  /** Of the user that the server runs as, absolute and canonical: `~` in an answer. */
  readonly home: string;
  readonly keys: Keys;
  /** Programs behind links. */
  readonly shares: SharesStore;
  readonly observers: Observers;
  /** Those that a request may name besides the service's default one. */
  readonly otherProviders?: readonly Pick<Provider, "probe">[];
  /** All of them, for what they keep ready. */
  readonly providers?: readonly PoolSource[];
  /** One for all servers of a process. */
  readonly budgets: Budgets;
  readonly config: ServerConfig;
  /** Of Glovebox, from package.json. */
  readonly version: string;
  readonly logger: Logger;
  /** Aborts where a stopping server gives what runs no more grace. Absent: it always has it. */
  readonly graceCut?: AbortSignal;
  /** Whether all languages are asked for their versions at the start. Default: true. */
  readonly learnsVersions?: boolean;
  /** See `serializerCompilerOf`. Default: false. */
  readonly checksAnswers?: boolean;
}

/** What the routes share. */
export interface ServerContext extends ServerOptions {
  readonly runs: LiveRuns;
  readonly heldRuns: HeldRuns;
  readonly outputHolds: OutputHolds;
}
