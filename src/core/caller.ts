/**
 * @module
 * Who asks for executions, and what one may ask for.
 */
import type { LimitName } from "./limits.ts";
import type { NetworkPolicy } from "./policy.ts";

/** `run`: executions of one's own. `admin`: those of all, and what concerns the whole server. */
export const scopes = ["run", "admin"] as const;
export type Scope = (typeof scopes)[number];

/** What holds for one caller, within what holds for all. Absent: no more than that. */
export interface CallerRules {
  /** Executions at the same time; more of them wait. At least 1. */
  readonly maxConcurrent?: number;
  /** HTTP requests. At least 1. */
  readonly requestsPerMinute?: number;
  /** Executions from midnight to midnight, UTC. At least 1. */
  readonly executionsPerDay?: number;
  /** Ids of languages, at least one. */
  readonly languages?: readonly string[];
  /** Names of providers, at least one. */
  readonly providers?: readonly string[];
  /** Modes that can be asked for, at least one. */
  readonly network?: readonly NetworkPolicy["mode"][];
  /** `off`: its programs are no forks of an interpreter that others' are forks of, too. */
  readonly fork?: "off";
  /** The most that can be asked for; what is above the server's own maximum says nothing. */
  readonly maxLimits?: Readonly<Partial<Record<LimitName, number>>>;
}

export interface Caller {
  /** Of a key; executions belong to it, and fairness is between them. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly rules: CallerRules;
}

/** Everybody, where nobody has to say who they are. */
export const anonymousCaller: Caller = {
  id: "anonymous",
  name: "anonymous",
  scopes,
  rules: {},
};
