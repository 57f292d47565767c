/**
 * @module
 * What the server is built from.
 */
import type { ServerConfig } from "../config/server-config.ts";
import type { Provider } from "../core/provider.ts";
import type { ExecutionService } from "../service/service.ts";

/** What the server needs of the execution service. Who made the service closes it, after the server. */
export type ServedService = Pick<
  ExecutionService,
  "run" | "runtimes" | "languages" | "probe" | "prepareLanguage"
>;

export interface ServerOptions {
  readonly service: ServedService;
  /** Those that a request may name besides the service's default one. */
  readonly otherProviders?: readonly Pick<Provider, "probe">[];
  readonly config: ServerConfig;
  /** Of Glovebox, from package.json. */
  readonly version: string;
  /** Takes the log, one JSON line a call. */
  readonly log: { write(line: string): void };
}
