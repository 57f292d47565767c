/**
 * @module
 * Judge0's ids for the state and the end of a submission.
 */
import { constants } from "node:os";

export const statusId = {
  inQueue: 1,
  processing: 2,
  accepted: 3,
  wrongAnswer: 4,
  timeLimit: 5,
  compilation: 6,
  sigsegv: 7,
  sigxfsz: 8,
  sigfpe: 9,
  sigabrt: 10,
  nonZeroExit: 11,
  other: 12,
  internal: 13,
  execFormat: 14,
} as const;

export type StatusId = (typeof statusId)[keyof typeof statusId];

const descriptions: Readonly<Record<StatusId, string>> = {
  1: "In Queue",
  2: "Processing",
  3: "Accepted",
  4: "Wrong Answer",
  5: "Time Limit Exceeded",
  6: "Compilation Error",
  7: "Runtime Error (SIGSEGV)",
  8: "Runtime Error (SIGXFSZ)",
  9: "Runtime Error (SIGFPE)",
  10: "Runtime Error (SIGABRT)",
  11: "Runtime Error (NZEC)",
  12: "Runtime Error (Other)",
  13: "Internal Error",
  14: "Exec Format Error",
};

export interface Status {
  readonly id: StatusId;
  readonly description: string;
}

export const statuses: readonly Status[] = Object.values(statusId).map(statusOf);

export function statusOf(id: StatusId): Status {
  return { id, description: descriptions[id] };
}

const bySignal: Readonly<Partial<Record<NodeJS.Signals, StatusId>>> = {
  SIGSEGV: statusId.sigsegv,
  SIGXFSZ: statusId.sigxfsz,
  SIGFPE: statusId.sigfpe,
  SIGABRT: statusId.sigabrt,
};

export function statusOfSignal(signal: NodeJS.Signals): StatusId {
  return bySignal[signal] ?? statusId.other;
}

export function signalNumber(signal: NodeJS.Signals): number {
  return constants.signals[signal];
}
