/**
 * @module
 * A process that owns a sandbox with a running program, for tests that kill it in the middle.
 * argv: `linux LAUNCHER MARK`, or `docker DAEMON OCI_RUNTIME IMAGE`. Prints `running` once the program
 * runs.
 */
import type { Provider } from "../../src/core/provider.ts";
import { workspacePath } from "../../src/core/sandbox.ts";
import { createDockerProvider } from "../../src/providers/docker/index.ts";
import { createLinuxProvider } from "../../src/providers/linux/index.ts";
import { attackLimits } from "./attack.ts";

const { memoryBytes, processes, diskBytes, openFiles } = attackLimits;
const { provider, script, mark } = readArguments(process.argv.slice(2));
const sandbox = await provider.create(
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
    argv: ["/bin/sh", "-c", `${script} echo running; wait`],
    env: { PATH: "/usr/bin:/bin", GLOVEBOX_TEST_MARK: mark },
    cwd: workspacePath,
    stdin: "empty",
    limits: { ...attackLimits, wallTimeMs: 300_000 },
    onOutputLimit: "truncate",
    onOutput: (_stream, chunk) => {
      process.stdout.write(chunk);
    },
  },
  new AbortController().signal,
);

interface Owned {
  readonly provider: Provider;
  /** Starts processes that stay. */
  readonly script: string;
  readonly mark: string;
}

function readArguments([kind, ...args]: readonly string[]): Owned {
  if (kind === "linux") {
    const [launcherPath = "", mark = ""] = args;
    const script = "(setsid sleep 300 &) ; setsid sleep 300 &";
    return { provider: createLinuxProvider({ launcherPath }), script, mark };
  }
  const [host = "", ociRuntime = "", image = ""] = args;
  const provider = createDockerProvider({
    ...{ host, ociRuntime, image, env: {}, pullPolicy: "never", poolSize: 2 },
  });
  // The image has no setsid.
  return { provider, script: "sleep 300 & sleep 300 &", mark: "" };
}
