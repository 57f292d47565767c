/**
 * @module
 * Programs that start others, and end with this process: apt-get, mmdebstrap.
 */
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";

/** What they get to tidy up; mmdebstrap has a hundred megabytes to remove. */
const GRACE_S = 20;

/**
 * They are a group of their own. The shell in front of them holds the read end of a pipe from us: when
 * it closes, by us or by our death, all of the group get SIGINT and tidy up, as after Ctrl-C: fakeroot(1)
 * ends its daemon then, and not at SIGTERM. Who is left afterwards gets SIGKILL.
 */
const script = `exec 3<&0 </dev/null
(trap "" INT; read -r line <&3; kill -INT 0; sleep ${GRACE_S}; kill -KILL 0) >/dev/null 2>&1 &
watcher=$!
exec 3<&-
trap "stopped=yes" TERM INT HUP
"$@"
code=$?
[ -z "$stopped" ] || kill -KILL 0
kill -KILL "$watcher" 2>/dev/null
exit "$code"`;

export interface OwnedProcess {
  /** Both must be read. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The exit code, when it has ended and closed both; null after a signal. */
  readonly ended: Promise<number | null>;
}

/**
 * @param signal After its abort the program has 20 s to end.
 */
export function startOwned(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): OwnedProcess {
  signal.throwIfAborted();
  const child = spawn("sh", ["-c", script, "sh", ...argv], {
    env,
    cwd: "/",
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  // It may have ended before us.
  child.stdin.on("error", () => undefined);
  const onAbort = (): void => {
    child.stdin.destroy();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => {
    signal.removeEventListener("abort", onAbort);
    child.stdin.destroy();
  });
  return { stdout: child.stdout, stderr: child.stderr, ended };
}
