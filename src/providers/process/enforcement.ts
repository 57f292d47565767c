/**
 * @module
 * What an ordinary child process does and does not hold a program to.
 */
import { enforced, missing, missingControls, weaker } from "../../core/enforcement.ts";
import type { Enforcement } from "../../core/enforcement.ts";
import { GloveboxError } from "../../core/errors.ts";

export const providerName = "process";

const remedy = "use the provider `linux`";
const escapes = "a program that starts a session of its own (setsid(2)) leaves the group";

export const enforcement: Enforcement = {
  files: missing("the program sees and changes all files that Glovebox may", remedy),
  network: missing("the program uses the host's network", remedy),
  processTree: weaker("process group, killed at the end", escapes, remedy),
  privileges: missing("the program has all rights of Glovebox", remedy),
  syscalls: missing("all system calls are allowed", remedy),
  wallTime: weaker("timer that kills the process group", escapes, remedy),
  cpuTime: missing("CPU time is not measured", remedy),
  memory: missing("memory is not limited", remedy),
  processes: missing("the number of processes is not limited", remedy),
  output: enforced("counted as it is read"),
  disk: missing("files are not limited", remedy),
  openFiles: missing("the limit is that of Glovebox itself", remedy),
};

/** @throws {GloveboxError} `POLICY_UNENFORCEABLE`: nothing strict can ever run here. */
export function refuseStrict(): never {
  const controls = missingControls(enforcement);
  throw new GloveboxError(
    "POLICY_UNENFORCEABLE",
    `${providerName}: this provider isolates nothing; it lacks ${controls.join(", ")}. ` +
      "Use the provider `linux`, or ask for `best-effort` enforcement.",
    { provider: providerName, controls },
  );
}
