/**
 * @module
 * `--provider` and the flags that belong to one of them, and what must be said with them.
 */
import type { Command } from "commander";
import { isOciRuntime } from "../config/image-name.ts";
import { providerNames } from "../config/server-config.ts";
import type { DockerSettings } from "../config/server-config.ts";
import { invalidRequest } from "../core/errors.ts";
import type { EnforcementMode } from "../core/enforcement.ts";
import { pullPolicies } from "../core/image.ts";
import { oneOf } from "./one-of.ts";
import { remoteSettingsOf } from "./remote-flags.ts";
import type { RawRemoteFlags, RemoteSettings } from "./remote-flags.ts";

/** Those that a server has, which itself is none for another one, and the account of the user. */
export const namedProviders = [...providerNames, "remote", "lambda"] as const;
export type NamedProvider = (typeof namedProviders)[number];

export const processWarning =
  "warning: the `process` provider isolates nothing: the program can do all that you can";

/** As the command line had them; absent: not given. */
export interface RawProviderFlags extends RawRemoteFlags {
  readonly provider?: string;
  readonly dockerHost?: string;
  readonly ociRuntime?: string;
  readonly pull?: string;
  readonly image?: string;
}

export interface ProviderFlags {
  readonly provider: NamedProvider;
  readonly docker: Partial<DockerSettings>;
  /** Of `remote`. */
  readonly remote?: RemoteSettings;
}

/** The flags that mean a provider where none is named, and who else has a use for them. */
const ownedFlags = [
  { name: "url", flag: "--url", owner: "remote", others: [] },
  { name: "key", flag: "--key", owner: "remote", others: [] },
  { name: "keyFile", flag: "--key-file", owner: "remote", others: [] },
  { name: "dockerHost", flag: "--docker-host", owner: "docker", others: [] },
  { name: "ociRuntime", flag: "--oci-runtime", owner: "docker", others: [] },
  { name: "pull", flag: "--pull", owner: "docker", others: [] },
  { name: "image", flag: "--image", owner: "docker", others: ["linux", "remote"] },
] as const satisfies readonly {
  readonly name: keyof RawProviderFlags;
  readonly flag: string;
  readonly owner: NamedProvider;
  readonly others: readonly NamedProvider[];
}[];

/** Adds `--provider`, for a command that starts sandboxes. */
export function addProviderFlag(command: Command): Command {
  return command.option(
    "--provider <NAME>",
    "way to isolate: auto, linux, docker, lambda or process (default: auto)",
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
 * Where a flag of one provider is given and none is named, that one is meant.
 *
 * @param env Has the server and the key of `remote`, where the flags don't.
 * @throws {GloveboxError} `INVALID_REQUEST`, also for a flag of another provider.
 */
export function parseProviderFlags(
  raw: RawProviderFlags,
  env: NodeJS.ProcessEnv = process.env,
): ProviderFlags {
  const given = ownedFlags.filter(({ name }) => raw[name] !== undefined);
  const named = oneOf("--provider", raw.provider ?? "auto", namedProviders);
  const provider = named === "auto" ? (given[0]?.owner ?? named) : named;
  const useless = given.find(
    ({ owner, others }) => ![...others, owner].some((it) => it === provider),
  );
  if (useless !== undefined) {
    throw invalidRequest(
      useless.flag,
      `is of no use with \`--provider ${provider}\`. Leave one of them out, or write \`--provider ${useless.owner}\`.`,
    );
  }
  return {
    provider,
    docker: dockerSettingsOf(raw),
    ...(provider === "remote" ? { remote: remoteSettingsOf(raw, env) } : {}),
  };
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
export function checkProvider(name: NamedProvider, mode: EnforcementMode): void {
  if (name !== "process" || mode === "best-effort") return;
  throw invalidRequest(
    "--provider",
    "`process` isolates nothing. Use `linux`, or add `--enforcement best-effort` to run it all the same.",
  );
}
