/**
 * @module
 * A process that owns a sandbox with a running program, for tests that kill it in the middle.
 * argv: the launcher. Prints `running` once the program runs.
 */
import { createLinuxProvider } from "../../src/providers/linux/index.ts";
import { workspacePath } from "../../src/core/sandbox.ts";
import { attackLimits } from "./attack.ts";

const [launcherPath = "", mark = ""] = process.argv.slice(2);
const { memoryBytes, processes, diskBytes, openFiles } = attackLimits;
const sandbox = await createLinuxProvider({ launcherPath }).create(
  {
    policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
    limits: { memoryBytes, processes, diskBytes, openFiles },
    files: [],
    hostPrograms: [],
    enforcement: "best-effort",
  },
  new AbortController().signal,
);
await sandbox.exec(
  {
    argv: ["/bin/sh", "-c", "(setsid sleep 300 &) ; setsid sleep 300 & echo running; wait"],
    env: { PATH: "/usr/bin:/bin", GLOVEBOX_TEST_MARK: mark },
    cwd: workspacePath,
    stdin: "empty",
    limits: attackLimits,
    onOutputLimit: "truncate",
    onOutput: (_stream, chunk) => {
      process.stdout.write(chunk);
    },
  },
  new AbortController().signal,
);
