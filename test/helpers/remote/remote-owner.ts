/**
 * @module
 * A client process for tests that kill it: it has a sandbox on the server of its first argument, in
 * which a program runs. Prints `running` then. The second argument marks the program's processes.
 */
import { createRemoteProvider } from "../../../src/providers/remote/index.ts";

const [url = "", mark = ""] = process.argv.slice(2);
const provider = await createRemoteProvider({ url });
const never = new AbortController().signal;
const sandbox = await provider.create(
  {
    policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
    limits: { memoryBytes: 2 ** 28, processes: 32, diskBytes: 2 ** 24, openFiles: 64 },
    files: [],
    hostPrograms: [],
    enforcement: "strict",
  },
  never,
);
await sandbox.exec(
  {
    argv: ["/bin/sh", "-c", "(setsid sleep 300 &); echo running; sleep 300"],
    env: { PATH: "/usr/bin:/bin", GLOVEBOX_TEST_MARK: mark },
    cwd: "/workspace",
    stdin: "empty",
    limits: { wallTimeMs: 60_000, cpuTimeMs: 60_000, outputBytes: 1024 },
    onOutputLimit: "truncate",
    onOutput: (_stream, chunk) => void process.stdout.write(chunk),
  },
  never,
);
