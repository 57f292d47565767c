/**
 * @module
 * What was asked for and what this host enforces are two values.
 */

/** The things that can be enforced, one word each. Order is that of `glovebox doctor`. */
export const controls = [
  "files",
  "network",
  "processTree",
  "privileges",
  "syscalls",
  "wallTime",
  "cpuTime",
  "memory",
  "processes",
  "output",
  "disk",
  "openFiles",
] as const;
export type Control = (typeof controls)[number];

/** `weaker`: it holds, but by a means with a gap that `note` names. `missing`: it does not hold. */
export type EnforcementLevel = "enforced" | "weaker" | "missing";

export interface ControlStatus {
  readonly level: EnforcementLevel;
  /** The mechanism: `cgroup v2 memory.max`, `sampled every 20 ms`. */
  readonly by: string;
  /** The gap, where the level is not `enforced`; empty otherwise. */
  readonly note: string;
  /** What the operator can do about the gap, a command where there is one; empty where nothing helps. */
  readonly remedy: string;
}

export type Enforcement = Readonly<Record<Control, ControlStatus>>;

/** `strict`: a missing control is `POLICY_UNENFORCEABLE`. `best-effort`: it is listed in the result. */
export type EnforcementMode = "strict" | "best-effort";

export const enforced = (by: string): ControlStatus => ({
  level: "enforced",
  by,
  note: "",
  remedy: "",
});

export const weaker = (by: string, note: string, remedy = ""): ControlStatus => ({
  level: "weaker",
  by,
  note,
  remedy,
});

export const missing = (note: string, remedy = ""): ControlStatus => ({
  level: "missing",
  by: "nothing",
  note,
  remedy,
});

/** The controls that do not hold at all. */
export function missingControls(enforcement: Enforcement): readonly Control[] {
  return controls.filter((control) => enforcement[control].level === "missing");
}
