/**
 * @module
 * Starts a container with each OCI runtime of a daemon. Its launcher checks the walls from inside,
 * and refuses to be ready where it has a capability, is root, or can't install its filter.
 */
import { setMaxListeners } from "node:events";
import { defaultLimits } from "../../core/limits.ts";
import type { ProbeReport } from "../../core/provider.ts";
import { isGloveboxError } from "../../core/errors.ts";
import type { Daemon, DaemonFacts } from "./connect-daemon.ts";
import type { ContainerSpec } from "./container-config.ts";
import type { DaemonInfo, OciRuntime } from "./daemon.ts";
import { enforcementOf, type Counting } from "./enforcement.ts";
import { waitUnless } from "./engine/exchange.ts";

const PROBE_TIMEOUT_MS = 5_000;

const probeSpec: ContainerSpec = {
  policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
  limits: defaultLimits,
};

/** Of a daemon that nobody could ask. */
const unknownDaemon: DaemonInfo = {
  engine: "Docker",
  version: "",
  operatingSystem: "",
  architecture: "",
  cgroup: "cgroup",
  limits: { memory: false, swap: false, processes: false },
  security: [],
  ociRuntimes: [],
  defaultOciRuntime: "",
};

export async function probeDaemon(
  daemon: Daemon,
  wanted: string | undefined,
): Promise<ProbeReport> {
  try {
    const { info, ociRuntime, signal } = await contact(daemon);
    const tried = await Promise.all(
      info.ociRuntimes.map(async (runtime) => ({
        name: runtime.name,
        ...(await tryRuntime(daemon, runtime, signal)),
      })),
    );
    const used = tried.find(({ name }) => name === ociRuntime.name);
    const enforcement = enforcementOf(
      probeSpec,
      info,
      ociRuntime.name,
      used?.counting ?? "sampled",
    );
    const failure = used?.failure;
    return {
      provider: "docker",
      available: failure === undefined,
      reason: failure ?? "",
      remedy: failure === undefined ? "" : "try another OCI runtime, or look at the daemon's log",
      enforcement,
      facts: [
        [
          "daemon",
          `${info.engine} ${info.version} at ${daemon.endpoint.description}, ${info.operatingSystem}`,
        ],
        ...tried.map(({ name, failure: reason, counting }): [string, string] => [
          `OCI runtime ${name}`,
          [
            reason === undefined ? "a sandbox was started" : `no sandbox: ${reason}`,
            ...(name === ociRuntime.name ? ["used"] : []),
            ...(counting === "sampled" ? ["CPU time and processes are sampled"] : []),
          ].join(", "),
        ]),
      ],
    };
  } catch (error) {
    const ociRuntime = wanted ?? "the daemon's default";
    return {
      provider: "docker",
      available: false,
      reason: reasonOf(error),
      remedy: isGloveboxError(error) && "hint" in error.details ? error.details.hint : "",
      enforcement: enforcementOf(probeSpec, unknownDaemon, ociRuntime, "sampled"),
      facts: [["daemon", `at ${daemon.endpoint.description}`]],
    };
  }
}

/**
 * What the daemon says, once it has the launcher; and the signal of the time that is left. A launcher
 * that the daemon has to compile has a time of its own: it is made once, and cut short it would never be.
 */
async function contact(
  daemon: Daemon,
): Promise<Pick<DaemonFacts, "info" | "ociRuntime"> & { readonly signal: AbortSignal }> {
  const signal = probeTime();
  const { info, ociRuntime, canUseOwnLauncher } = await waitUnless(signal, daemon.facts());
  const launcher = daemon.launcher();
  if (canUseOwnLauncher) {
    await waitUnless(signal, launcher);
    return { info, ociRuntime, signal };
  }
  await launcher;
  return { info, ociRuntime, signal: probeTime() };
}

function probeTime(): AbortSignal {
  const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  // All runtimes are tried with the one signal; Node would warn of a leak.
  setMaxListeners(0, signal);
  return signal;
}

async function tryRuntime(
  daemon: Daemon,
  ociRuntime: OciRuntime,
  signal: AbortSignal,
): Promise<{ readonly failure?: string; readonly counting?: Counting }> {
  try {
    const container = await daemon.start(probeSpec, { image: "launcher", ociRuntime }, signal);
    await container.launcher.end();
    return { counting: container.counting };
  } catch (error) {
    return { failure: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  if ((error as { name?: unknown }).name === "TimeoutError") {
    return `no answer within ${PROBE_TIMEOUT_MS / 1000} s`;
  }
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^docker: /, "").replace(/\.( Run `glovebox doctor`\.)?$/, "");
}
