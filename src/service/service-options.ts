/**
 * @module
 * What a service is made from.
 */
import type { Provider } from "../core/provider.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { Tracer } from "../observe/tracer.ts";
import type { LanguageIndex } from "../languages/index-languages.ts";
import type { CompileCache } from "./compile-cache/compile-cache.ts";
import type { CompileLimits } from "./request.ts";
import type { OpenAskingFor } from "./permissions/open-asking.ts";
import type { PreparedStore } from "./prepared/prepared-store.ts";

export interface ServiceOptions {
  /** Used where a request names none. */
  readonly provider: Provider;
  /** The others that a request may name. */
  readonly otherProviders?: readonly Provider[];
  readonly languages: LanguageIndex;
  /** Executions at the same time, at least 1. */
  readonly concurrency: number;
  /** Of what runs at the same time, by its limits; one execution alone always fits. Absent: no bound. */
  readonly memoryBytes?: number;
  /** Executions that may wait for a slot, see `SlotsOptions.maxQueued`. */
  readonly maxQueued: number;
  readonly compileLimits: CompileLimits;
  /** Absent: everything is compiled anew. */
  readonly compileCache?: CompileCache | undefined;
  /** Absent: nothing is prepared. */
  readonly preparedStore?: PreparedStore | undefined;
  /** Lent to sandboxes of a host without a Node of its own; absolute, without symbolic links. */
  readonly ownNodePath: string;
  /** Of executions that ask. Absent: nobody can be asked. */
  readonly openAsking?: OpenAskingFor | undefined;
  readonly metrics?: Pick<Metrics, "queueWaited">;
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer;
}
