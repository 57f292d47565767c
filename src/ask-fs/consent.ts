/**
 * @module
 * The question before something of the host is opened or changed.
 */
import type { AskingProcess, PermissionGate } from "../core/permission.ts";
import type { LastingQuestions } from "./lasting-questions.ts";
import { Refusal } from "./refusal.ts";

/** `ro`: opened and listed without a question. `rw`: changed, too. */
export type FreeAccess = "ro" | "rw";

export interface Asking {
  readonly gate: PermissionGate;
  /**
   * Who a pid of the mount's pid namespace is; it may be a thread's. Given up after 200 ms: the
   * question then names nobody.
   */
  readonly describeProcess: (pid: number) => Promise<AskingProcess | undefined>;
  /** What needs no question, of an absolute host path: the workspace inside the home folder. */
  readonly openTo: (hostPath: string) => FreeAccess | undefined;
  readonly questions: LastingQuestions;
}

/** One request that may have to wait. */
export interface Waiter {
  readonly pid: number;
  /** Aborted where whoever asked is gone, or was interrupted. */
  readonly signal: AbortSignal;
  /** Runs what may take as long as people do, which does not count as work. */
  readonly whileAsking: <T>(wait: () => Promise<T>) => Promise<T>;
}

export type AccessKind = "read" | "write" | "list";

const DESCRIBE_MS = 200;

/** @throws {Refusal} EACCES where it is denied; EINTR where the call was given up. */
export async function requireConsent(
  { gate, describeProcess, openTo, questions }: Asking,
  { pid, signal, whileAsking }: Waiter,
  subject: { readonly kind: AccessKind; readonly path: string },
): Promise<void> {
  const free = openTo(subject.path);
  if (free === "rw" || (free === "ro" && subject.kind !== "write")) return;
  const decide = async (untilWithdrawn: AbortSignal): Promise<boolean> => {
    const process = await soon(describeProcess(pid));
    if (untilWithdrawn.aborted) return false;
    const question = { subject, ...(process && { process }) };
    return (await gate.decide(question, untilWithdrawn)).isAllowed;
  };
  // Of the same thread: another one's question is another one, which the gate may join to it.
  const key = `${pid} ${subject.kind} ${subject.path}`;
  const isAllowed = await whileAsking(() => questions.ask(key, signal, decide).catch(() => false));
  if (signal.aborted) throw new Refusal("EINTR");
  if (!isAllowed) throw new Refusal("EACCES");
}

/** Undefined where it fails, or takes too long. */
async function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, DESCRIBE_MS, undefined);
  });
  try {
    return await Promise.race([promise, timeout]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
