/**
 * @module
 * Ends a launcher that says nothing though its command's time is over.
 */
import type { CommandSetting } from "./exec-message.ts";
import type { Launcher } from "./launcher.ts";

/** What a launcher gets after the end of a command's time, or an abort, to report the end. */
const END_GRACE_MS = 3_000;

interface Watched {
  readonly launcher: Launcher;
  /** See `SandboxParts`. */
  readonly isStuck?: () => Promise<boolean>;
  /** See `SandboxParts`. */
  readonly heldMs?: () => number;
}

export interface Watch {
  /** Whether the command's time was over, and its launcher said nothing. */
  readonly hasExpired: () => boolean;
  readonly stop: () => void;
}

/**
 * The launcher keeps the time itself. One that was frozen or starved, by whomever, never reports: it
 * is ended, so that nobody waits for ever. Only a reader of ours may delay its word, while it lives.
 */
export function watchEnd(
  { launcher, isStuck, heldMs = () => 0 }: Watched,
  { limits }: CommandSetting,
  signal: AbortSignal,
  isReaderBusy: () => boolean,
): Watch {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let expired = false;
  const heldBeforeMs = heldMs();
  let allowedMs = 0;
  const look = async (): Promise<void> => {
    const furtherMs = heldMs() - heldBeforeMs - allowedMs;
    if (furtherMs > 0 && !signal.aborted) {
      allowedMs += furtherMs;
      arm(furtherMs);
      return;
    }
    const mayWait = isReaderBusy() && !signal.aborted && !((await isStuck?.()) ?? false);
    if (stopped) return;
    if (mayWait) {
      arm(END_GRACE_MS);
      return;
    }
    expired = true;
    await launcher.end();
  };
  const arm = (delayMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), delayMs);
  };
  const onAbort = (): void => {
    arm(END_GRACE_MS);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  if (limits.wallTimeMs !== "unlimited") arm(limits.wallTimeMs + END_GRACE_MS);
  return {
    hasExpired: () => expired,
    stop: () => {
      signal.removeEventListener("abort", onAbort);
      clearTimeout(timer);
      stopped = true;
    },
  };
}
