/**
 * @module
 * A process that owns a container with a running program, for tests that kill it in the middle.
 * argv: the daemon's address, the OCI runtime, the image. Prints `running` once the program runs.
 */
import { workspacePath } from "../../src/core/sandbox.ts";
import { createDockerProvider } from "../../src/providers/docker/index.ts";
import { attackLimits } from "./attack.ts";

const [host = "", ociRuntime = "", image = ""] = process.argv.slice(2);
const { memoryBytes, processes, diskBytes, openFiles } = attackLimits;
const provider = createDockerProvider({
  ...{ host, ociRuntime, image, env: {}, pullPolicy: "never", poolSize: 2 },
});
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
    argv: ["/bin/sh", "-c", "sleep 300 & sleep 300 & echo running; wait"],
    env: { PATH: "/usr/bin:/bin" },
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
