/**
 * @module
 * Asks a real sandbox on this host whether its walls stand.
 */
import { readlinkSync } from "node:fs";
import { defaultLimits } from "../../core/limits.ts";
import { missing, type Control, type ControlStatus } from "../../core/enforcement.ts";
import type { ProbeReport, ProviderSandbox } from "../../core/provider.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { readHostSetting, remedyFor } from "./remedies.ts";

const PROBE_TIMEOUT_MS = 5_000;

export const probeSpec: SandboxSpec = {
  policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
  limits: defaultLimits,
  files: [],
  hostPrograms: [],
  enforcement: "best-effort",
};

/** What the sandbox says about itself: proc_pid_status(5), proc_pid_stat(5), the kernel's routes. */
const question = `
cat /proc/self/status
(: > /usr/glovebox-probe) 2>/dev/null && echo writable: /usr
for n in mnt pid net ipc uts user; do echo "ns $n $(readlink /proc/self/ns/$n)"; done
echo root: $(ls /)
sed -n '2,$s/^/route: /p' /proc/net/route; awk '$10 != "lo" { print "route: " $10 }' /proc/net/ipv6_route
`;

interface Wall {
  readonly control: Control;
  readonly holds: (answer: string) => boolean;
  readonly note: string;
}

const walls: readonly Wall[] = [
  {
    control: "privileges",
    holds: (answer) =>
      /^CapBnd:\s0+$/m.test(answer) &&
      /^CapEff:\s0+$/m.test(answer) &&
      /^NoNewPrivs:\s1$/m.test(answer),
    note: "the probe's program kept capabilities",
  },
  {
    control: "syscalls",
    holds: (answer) => /^Seccomp:\s2$/m.test(answer),
    note: "the probe's program ran without a seccomp filter",
  },
  {
    control: "files",
    holds: (answer) =>
      hasOwnNamespace(answer, "mnt") &&
      /^root: .*\busr\b/m.test(answer) &&
      !/writable:|^root: .*\b(root|srv|boot|var)\b/m.test(answer),
    note: "the probe's program could write to, or see, the host's files",
  },
  {
    control: "network",
    holds: (answer) => hasOwnNamespace(answer, "net") && !answer.includes("route: "),
    note: "the probe's program had a network route besides loopback",
  },
  {
    control: "processTree",
    holds: (answer) => hasOwnNamespace(answer, "pid") && hasOwnNamespace(answer, "ipc"),
    note: "the probe's program was not in a pid namespace of its own",
  },
];

/** Whether the probe's program was in another namespace than this process; false if it did not say. */
function hasOwnNamespace(answer: string, kind: string): boolean {
  const inside = new RegExp(`^ns ${kind} (\\S+)$`, "m").exec(answer)?.[1];
  return inside !== undefined && inside !== readlinkSync(`/proc/self/ns/${kind}`);
}

export async function probeHost(
  create: (spec: SandboxSpec, signal: AbortSignal) => Promise<ProviderSandbox>,
  expected: Pick<ProbeReport, "enforcement" | "facts">,
): Promise<ProbeReport> {
  const { facts } = expected;
  const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  try {
    await using sandbox = await create(probeSpec, signal);
    const answer = await ask(sandbox, signal);
    const enforcement: Record<Control, ControlStatus> = { ...sandbox.enforcement };
    for (const { control, holds, note } of walls) {
      if (!holds(answer)) enforcement[control] = missing(note, "this is a fault: please report it");
    }
    const { probeAsking } = await import("./asking/probe-asking.ts");
    const asking = ["asking", await probeAsking(create, probeSpec, signal)] as const;
    return {
      ...{ provider: "linux", available: true, reason: "", remedy: "", enforcement },
      facts: [...facts, asking],
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const reason = message.replace(/^linux: /, "").replace(/\. (To mend it: .*|Run `.*)$/, "");
    return {
      provider: "linux",
      available: false,
      reason,
      remedy: remedyFor(reason, readHostSetting),
      ...expected,
    };
  }
}

async function ask(sandbox: ProviderSandbox, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  const { outcome } = await sandbox.exec(
    {
      argv: ["/bin/sh", "-c", question],
      env: { PATH: "/usr/bin:/bin" },
      cwd: "/",
      stdin: "empty",
      limits: { wallTimeMs: PROBE_TIMEOUT_MS, cpuTimeMs: PROBE_TIMEOUT_MS, outputBytes: 65_536 },
      onOutputLimit: "truncate",
      onOutput: (_stream, chunk) => {
        chunks.push(chunk);
      },
    },
    signal,
  );
  const answer = Buffer.concat(chunks).toString();
  if (outcome.kind !== "exited" || !answer.includes("NoNewPrivs")) {
    throw new Error(
      `the probe's program gave no answer (${outcome.kind}): ${answer.slice(0, 200)}`,
    );
  }
  return answer;
}
