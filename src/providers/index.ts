/**
 * @module
 * The ways to isolate, by name, and which of them serves a machine best. Each is loaded only when it
 * is asked for.
 */
import { GloveboxError, invalidRequest, isGloveboxError } from "../core/errors.ts";
import type { ProbeReport, Provider } from "../core/provider.ts";
import type { DockerProviderOptions } from "./docker/index.ts";
import type { LambdaProviderOptions } from "./lambda/index.ts";
import type { PoolSettings } from "./linux/ready-sandboxes.ts";
import type { RemoteProviderOptions } from "./remote/index.ts";

export type { LambdaProviderOptions } from "./lambda/index.ts";
export type { PoolSettings } from "./linux/ready-sandboxes.ts";
export type { RemoteProviderOptions } from "./remote/index.ts";

export interface LinuxOptions {
  /** How many sandboxes there will be. Default: `one`. */
  readonly expects?: "one" | "many";
  /** What of many is kept ready. Absent: nothing. */
  readonly pool?: PoolSettings;
}

export interface ProviderOptions extends LinuxOptions {
  readonly docker: DockerProviderOptions;
  /** Needed for `remote`. */
  readonly remote?: RemoteProviderOptions;
  readonly lambda?: LambdaProviderOptions;
}

/** @throws {GloveboxError} `PROVIDER_UNAVAILABLE` where something that the provider is made of is missing. */
export const providerLoaders = {
  linux: async (options?: LinuxOptions): Promise<Provider> => {
    const { expects = "one", pool } = options ?? {};
    const { createLinuxProvider } = await import("./linux/index.ts");
    const { locateLauncher, locateParkLibrary } = await import("../launcher/locate-launcher.ts");
    const launcherPath = await locateLauncher();
    const parkLibraryPath = pool && (await locateParkLibrary(launcherPath));
    return createLinuxProvider({
      launcherPath,
      expects,
      ...(pool === undefined ? {} : { pool }),
      ...(parkLibraryPath === undefined ? {} : { parkLibraryPath }),
    });
  },
  /** Also throws `INVALID_CONFIG`, for an address that can't be used. Connects to nothing yet. */
  docker: async ({ docker }): Promise<Provider> => {
    const { createDockerProvider } = await import("./docker/index.ts");
    return createDockerProvider(docker);
  },
  process: async (): Promise<Provider> => {
    const { createProcessProvider } = await import("./process/index.ts");
    return createProcessProvider();
  },
  /** Loads AWS's SDK when the first sandbox is created, and connects to nothing yet. */
  lambda: async ({ lambda }): Promise<Provider> => {
    const { createLambdaProvider } = await import("./lambda/index.ts");
    return createLambdaProvider(lambda);
  },
  /** Asks the server what it is. Also throws `INVALID_REQUEST`, for an address that is none. */
  remote: async ({ remote }): Promise<Provider> => {
    if (remote === undefined) throw invalidRequest("url", "which server is meant?");
    const { createRemoteProvider } = await import("./remote/index.ts");
    return createRemoteProvider(remote);
  },
} as const satisfies Record<string, (options: ProviderOptions) => Promise<Provider>>;

/** Why a provider was not chosen. */
export interface PassedOver {
  readonly provider: string;
  readonly reason: string;
  /** Empty where nothing is known. */
  readonly remedy: string;
}

export interface Choice {
  /** Undefined where nothing serves. */
  readonly provider: Provider | undefined;
  /** What the provider's probe said; absent where it was not asked. */
  readonly report?: ProbeReport;
  /** The better ones, best first. */
  readonly passedOver: readonly PassedOver[];
}

/**
 * `probe` starts a real sandbox. `look` costs next to nothing where all is well: what was chosen may
 * still fail to create a sandbox.
 */
export type Effort = "probe" | "look";

interface Attempt {
  readonly provider?: Provider;
  readonly report?: ProbeReport;
  readonly failure?: PassedOver;
}

/**
 * The best provider that isolates, for `auto`: `linux`, else `docker`; never `process`. Does not throw
 * because one does not serve.
 *
 * @param known Those that are known not to serve: they are not tried.
 */
export async function chooseProvider(
  options: ProviderOptions,
  effort: Effort,
  known: readonly PassedOver[] = [],
): Promise<Choice> {
  const failures = [...known];
  for (const [name, attempt] of [
    ["linux", tryLinux],
    ["docker", tryDocker],
  ] as const) {
    if (known.some(({ provider }) => provider === name)) continue;
    const { provider, report, failure } = await tryIt(name, () => attempt(options, effort));
    if (provider !== undefined) {
      return { provider, ...(report === undefined ? {} : { report }), passedOver: failures };
    }
    if (failure !== undefined) failures.push(failure);
  }
  return { provider: undefined, passedOver: failures };
}

/** @throws {GloveboxError} `PROVIDER_UNAVAILABLE` that says of each why, and what to do. */
export function requireChoice({ provider, passedOver }: Choice): Provider {
  if (provider !== undefined) return provider;
  const hint = "`glovebox doctor` tells more";
  const reasons = passedOver.map(({ provider: name, reason, remedy }) => {
    return `${name}: ${reason}${remedy === "" ? "" : `; to mend it: ${remedy}`}.`;
  });
  throw new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `nothing can isolate a program here. ${reasons.join(" ")} ${hint}.`,
    { provider: "auto", hint },
  );
}

/** A failure of a provider, without what says only which one it is. */
export function passedOverFor(provider: string, error: GloveboxError): PassedOver {
  const remedy = "hint" in error.details ? error.details.hint : "";
  return passedOver(provider, error.message.replace(`${provider}: `, ""), remedy);
}

/** Messages say what to do at their end; here that is apart. */
function passedOver(provider: string, message: string, remedy: string): PassedOver {
  const [beforeRemedy = ""] = remedy === "" ? [message] : message.split(remedy);
  const reason = beforeRemedy.replace(/[.\s]*(To mend it:\s*)?$/, "");
  return { provider, reason, remedy: remedy.replace(/\.$/, "") };
}

async function tryIt(name: string, attempt: () => Promise<Attempt>): Promise<Attempt> {
  try {
    return await attempt();
  } catch (error) {
    if (!isGloveboxError(error)) throw error;
    return { failure: passedOverFor(name, error) };
  }
}

async function tryLinux(options: ProviderOptions, effort: Effort): Promise<Attempt> {
  if (process.platform !== "linux") {
    const reason = `this is ${process.platform}, and its sandboxes are made by Linux`;
    return { failure: { provider: "linux", reason, remedy: "" } };
  }
  const provider = await providerLoaders.linux(options);
  if (effort === "look" && !(await isForbiddenByHost())) return { provider };
  return probed(provider);
}

/** Settings that forbid an ordinary user namespaces of its own; a profile may still allow them to us. */
async function isForbiddenByHost(): Promise<boolean> {
  if (process.getuid?.() === 0) return false;
  const { readHostSetting, remedyFor } = await import("./linux/remedies.ts");
  return remedyFor("", readHostSetting) !== "";
}

/** What a daemon gets to answer, in ms. */
const DAEMON_TIMEOUT_MS = 5000;

async function tryDocker(options: ProviderOptions, effort: Effort): Promise<Attempt> {
  const provider = await providerLoaders.docker(options);
  if (effort === "probe") return probed(provider);
  const signal = AbortSignal.timeout(DAEMON_TIMEOUT_MS);
  try {
    await provider.images?.find(options.docker.image, signal);
    return { provider };
  } catch (error) {
    await provider.close();
    if (isGloveboxError(error)) throw error;
    const reason = signal.aborted
      ? `the daemon gave no answer in ${DAEMON_TIMEOUT_MS / 1000} s`
      : `the daemon refuses to answer: ${(error as Error).message}`;
    return { failure: { provider: "docker", reason, remedy: "look at the daemon's log" } };
  }
}

async function probed(provider: Provider): Promise<Attempt> {
  const report = await provider.probe();
  if (report.available) return { provider, report };
  await provider.close();
  return { failure: passedOver(provider.name, report.reason, report.remedy) };
}
