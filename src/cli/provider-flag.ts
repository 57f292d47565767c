/**
 * @module
 * `--provider` and the flags of the provider `docker`, and what must be said with them.
 */
import type { Command } from "commander";
import { isOciRuntime } from "../config/image-name.ts";
import { providerNames } from "../config/server-config.ts";
import type { DockerSettings, ProviderName } from "../config/server-config.ts";
import { invalidRequest } from "../core/errors.ts";
import type { EnforcementMode } from "../core/enforcement.ts";
import { pullPolicies } from "../core/image.ts";
import { oneOf } from "./one-of.ts";

export const processWarning =
  "warning: the `process` provider isolates nothing: the program can do all that you can";

/** As the command line had them; absent: not given. */
export interface RawProviderFlags {
  readonly provider?: string;
  readonly dockerHost?: string;
  readonly ociRuntime?: string;
  readonly pull?: string;
  readonly image?: string;
}

export interface ProviderFlags {
  readonly provider: ProviderName;
  readonly docker: Partial<DockerSettings>;
}

/** The flags that mean `docker` where no provider is named, and who else has a use for them. */
const dockerFlags = [
  { name: "dockerHost", flag: "--docker-host", others: [] },
  { name: "ociRuntime", flag: "--oci-runtime", others: [] },
  { name: "pull", flag: "--pull", others: [] },
  { name: "image", flag: "--image", others: ["linux"] },
] as const satisfies readonly {
  readonly name: keyof RawProviderFlags;
  readonly flag: string;
  readonly others: readonly ProviderName[];
}[];

/** Adds `--provider`, for a command that starts sandboxes. */
export function addProviderFlag(command: Command): Command {
  return command.option(
    "--provider <NAME>",
    "way to isolate: auto, linux, docker or process (default: auto)",
  );
}

/** Adds `--docker-host`, for a command that may talk to a daemon. */
export function addDockerHostFlag(command: Command): Command {
  return command.option(
    "--docker-host <ADDRESS>",
    "the Docker daemon: unix:///PATH or tcp://HOST:PORT (default: DOCKER_HOST, or docker's context)",
  );
}

/** Adds `--oci-runtime`. */
export function addOciRuntimeFlag(command: Command): Command {
  return command.option(
    "--oci-runtime <NAME>",
    "what runs the containers, as the daemon names it: runc, runsc (default: the daemon's)",
  );
}

/**
 * Where a flag of `docker` is given and no provider, `docker` is meant.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`, also for a flag of `docker` with another provider.
 */
export function parseProviderFlags(raw: RawProviderFlags): ProviderFlags {
  const given = dockerFlags.filter(({ name }) => raw[name] !== undefined);
  const named = oneOf("--provider", raw.provider ?? "auto", providerNames);
  const provider = named === "auto" && given.length > 0 ? "docker" : named;
  const useless = given.find(({ others }) => ![...others, "docker"].some((it) => it === provider));
  if (useless !== undefined) {
    throw invalidRequest(
      useless.flag,
      `is of no use with \`--provider ${provider}\`. Leave one of them out, or write \`--provider docker\`.`,
    );
  }
  return { provider, docker: dockerSettingsOf(raw) };
}

function dockerSettingsOf({ dockerHost, ociRuntime, pull }: RawProviderFlags) {
  // An unset variable of a shell script must not come to mean another daemon.
  if (dockerHost === "") throw invalidRequest("--docker-host", "is empty. Write unix:///PATH.");
  if (ociRuntime !== undefined && !isOciRuntime(ociRuntime)) {
    throw invalidRequest("--oci-runtime", `\`${ociRuntime}\` is no name like runc or runsc.`);
  }
  return {
    // Who types a command waits for what it needs, and sees why.
    pullPolicy: oneOf("--pull", pull ?? "missing", pullPolicies),
    ...(dockerHost === undefined ? {} : { host: dockerHost }),
    ...(ociRuntime === undefined ? {} : { ociRuntime }),
  };
}

/** @throws {GloveboxError} `INVALID_REQUEST` for `process` without the words that say it is meant. */
export function checkProvider(name: ProviderName, mode: EnforcementMode): void {
  if (name !== "process" || mode === "best-effort") return;
  throw invalidRequest(
    "--provider",
    "`process` isolates nothing. Use `linux`, or add `--enforcement best-effort` to run it all the same.",
  );
}
