/**
 * @module
 * A `glovebox serve` that runs of this user use.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { packageFolder } from "../src/util/package-folder.ts";

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 20_000;

const glovebox = join(packageFolder(), "bin/glovebox");

/** In surroundings that are the same as a run's, so not in namespaces of its own. */
export async function startUserServer(
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<AsyncDisposable> {
  const child = spawn(glovebox, ["serve", "--port", "0", "--log-level", "error"], {
    cwd,
    env: { ...env, GLOVEBOX_STORAGE_FOLDER: join(cwd, "../storage") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const endWithUs = (): void => void child.kill("SIGTERM");
  process.once("exit", endWithUs);
  // It says so when the door for runs of this user is open, too.
  await once(child.stdout, "data", { signal: AbortSignal.timeout(START_TIMEOUT_MS) });
  child.stdout.resume();
  return {
    async [Symbol.asyncDispose]() {
      process.off("exit", endWithUs);
      const closed = once(child, "close");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      child.kill("SIGTERM");
      await closed;
      clearTimeout(timer);
    },
  };
}
