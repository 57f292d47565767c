/**
 * @module
 * How much a program may use: one number with a unit each.
 */

/** No limit. Only the CLI and the library can ask for it, never an HTTP caller; 0 is never a synonym. */
export type Unlimited = "unlimited";

export interface Limits {
  /** From the command's start to its end; the whole sandbox is killed at the limit. */
  readonly wallTimeMs: number | Unlimited;
  /** CPU time of all processes together; the whole sandbox is killed at the limit. */
  readonly cpuTimeMs: number | Unlimited;
  /** Memory of the whole sandbox, its files in tmpfs included; the kernel kills what exceeds it. */
  readonly memoryBytes: number;
  /** Processes and threads at the same time; fork(2) and clone(2) fail with EAGAIN above it. */
  readonly processes: number;
  /** Bytes kept of stdout, and of stderr; what exceeds it is dropped and counted, see `onOutputLimit`. */
  readonly outputBytes: number | Unlimited;
  /** Bytes of files in `/workspace`, `/tmp`, `/dev/shm` and the home folder together; then ENOSPC. */
  readonly diskBytes: number;
  /** Open file descriptors of one process (RLIMIT_NOFILE); then EMFILE. */
  readonly openFiles: number;
}

export type LimitName = keyof Limits;

interface LimitRow {
  /** Smallest and largest value that can be asked for, inclusive, in the unit of the name. */
  readonly min: number;
  readonly max: number;
  /** What an HTTP caller gets who asks for nothing. */
  readonly default: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const SECOND = 1000;
const DAY = 24 * 60 * 60 * SECOND;

/** Bounds and defaults; the HTTP schema, the CLI's checks and the documents are made from it. */
export const limitTable = {
  wallTimeMs: { min: 10, max: DAY, default: 10 * SECOND },
  cpuTimeMs: { min: 10, max: DAY, default: 10 * SECOND },
  memoryBytes: { min: 4 * MIB, max: 1024 * GIB, default: 512 * MIB },
  processes: { min: 1, max: 32_768, default: 64 },
  outputBytes: { min: 1, max: GIB, default: MIB },
  diskBytes: { min: 64 * KIB, max: 1024 * GIB, default: 64 * MIB },
  openFiles: { min: 8, max: 65_536, default: 256 },
} as const satisfies Record<LimitName, LimitRow>;

export const limitNames = Object.keys(limitTable) as readonly LimitName[];

/** Wall time that a compiler gets where nobody says otherwise. */
export const defaultCompileWallTimeMs = 30 * SECOND;

/** `truncate`: the program goes on, its output over the limit is lost. `kill`: it is ended. */
export type OutputLimitAction = "truncate" | "kill";

/** The least with which something works. */
export type LimitNeeds = Readonly<
  Partial<Record<Exclude<LimitName, "outputBytes">, number | undefined>>
>;

/**
 * Limits for a caller who has named some of them: those stay, and each other one is at least what is
 * needed, up to the most that is allowed.
 */
export function raiseToNeeds<T extends Limits>(
  limits: T,
  needs: LimitNeeds,
  isNamed: (name: LimitName) => boolean,
  max?: Readonly<Record<LimitName, number>>,
): T {
  const raised = Object.entries(needs).flatMap(([key, need]) => {
    const name = key as keyof LimitNeeds;
    const current = limits[name];
    if (need === undefined || isNamed(name) || current === "unlimited") return [];
    return [[name, Math.max(current, Math.min(need, max?.[name] ?? need))] as const];
  });
  return { ...limits, ...Object.fromEntries(raised) };
}

/** What an HTTP caller gets who names no limit. */
export const defaultLimits: Limits = Object.fromEntries(
  limitNames.map((name) => [name, limitTable[name].default]),
) as unknown as Limits;
