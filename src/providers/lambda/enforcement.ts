/**
 * @module
 * What a function of AWS Lambda holds a program to.
 */
import {
  enforced,
  missing,
  missingControls,
  weaker,
  type ControlStatus,
  type Enforcement,
} from "../../core/enforcement.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { maxOpenFiles, maxProcesses, memoryMib, temporaryMib } from "./bounds.ts";
import { unenforceable } from "./failures.ts";
import type { FunctionTarget } from "./target.ts";

type Spec = Pick<SandboxSpec, "policy" | "limits">;

const MIB = 1024 * 1024;

/** What MemorySize and EphemeralStorage become: whole MB, never more memory than was asked for. */
export const memoryMibOf = ({ memoryBytes }: Pick<Spec["limits"], "memoryBytes">): number =>
  Math.max(memoryMib.min, Math.floor(memoryBytes / MIB));

export const temporaryMibOf = ({ diskBytes }: Pick<Spec["limits"], "diskBytes">): number =>
  Math.min(temporaryMib.max, Math.max(temporaryMib.min, Math.ceil(diskBytes / MIB)));

/** @param kind Of a handler less holds than of a command, which our bootstrap starts. */
export function enforcementOf(spec: Spec, kind: FunctionTarget["kind"]): Enforcement {
  const isCommand = kind === "command";
  return {
    files: filesStatus(spec),
    network:
      spec.policy.network.mode === "all"
        ? enforced("the internet, as asked")
        : missing("a function can reach the internet", "--network all, where it may"),
    processTree: isCommand
      ? enforced("the bootstrap kills what a command left")
      : weaker("Lambda freezes them between runs", "what it leaves goes on in its next run"),
    privileges: weaker(
      "an ordinary user in a virtual machine of AWS's",
      "the credentials of the function's role can be read: it may write its own logs",
    ),
    syscalls: enforced("a virtual machine of AWS's, with a kernel of its own"),
    wallTime: isCommand
      ? enforced("the bootstrap, and the function's Timeout")
      : weaker("the function's Timeout", "in whole seconds, rounded up"),
    cpuTime: isCommand
      ? weaker("RLIMIT_CPU", "in whole seconds, of each process and not of all together")
      : missing("Lambda has no limit of CPU time", "--timeout"),
    memory: memoryStatus(spec),
    processes: countStatus(isCommand, "RLIMIT_NPROC", spec.limits.processes, maxProcesses),
    output: isCommand
      ? enforced("the bootstrap, and this machine")
      : enforced("this machine; Lambda gives 6 MB, and the last 4 KB of the log"),
    disk: weaker(
      "EphemeralStorage, the size of /tmp",
      isCommand
        ? "at least 512 MB; the limit itself is held for each file (RLIMIT_FSIZE)"
        : "at least 512 MB",
    ),
    openFiles: countStatus(isCommand, "RLIMIT_NOFILE", spec.limits.openFiles, maxOpenFiles),
  };
}

function filesStatus({ policy }: Spec): ControlStatus {
  const by = "a virtual machine of AWS's with a copy of the files";
  if (policy.workspace.kind === "scratch") return enforced(by);
  return weaker(by, "a later run of this folder may find what an earlier one left in /tmp");
}

function memoryStatus({ limits }: Spec): ControlStatus {
  if (limits.memoryBytes >= memoryMib.min * MIB) {
    return enforced("MemorySize, in whole megabytes, the runtime included");
  }
  const least = `${memoryMib.min} MB`;
  return missing(`a function has at least ${least}`, `--memory ${memoryMib.min}MiB`);
}

function countStatus(isCommand: boolean, by: string, wanted: number, most: number): ControlStatus {
  if (isCommand) return enforced(by);
  const own = `Lambda's own limit of ${most}`;
  return wanted >= most ? enforced(own) : weaker(own, `and not ${wanted}`);
}

/** @throws {GloveboxError} `POLICY_UNENFORCEABLE` */
export function refuseMissing(
  spec: Pick<SandboxSpec, "enforcement">,
  enforcement: Enforcement,
): void {
  const controls = missingControls(enforcement);
  if (spec.enforcement === "best-effort" || controls.length === 0) return;
  const reasons = controls.map((control) => {
    const { note, remedy } = enforcement[control];
    return `${control} (${note}; write ${remedy})`;
  });
  throw unenforceable(
    controls,
    `a function can't be held to ${reasons.join(", ")}. Or accept it with --enforcement best-effort.`,
  );
}
