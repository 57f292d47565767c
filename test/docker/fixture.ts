/**
 * @module
 * What the tests of the docker provider have in common: a provider at a daemon, and what this process
 * has there.
 */
import type { ProviderSandbox } from "../../src/core/provider.ts";
import {
  createDockerProvider,
  type DockerProviderOptions,
} from "../../src/providers/docker/index.ts";
import { ownerLabel, ownOwner } from "../../src/providers/docker/owner.ts";
import {
  execIn,
  specOf,
  type CommandParts,
  type Result,
  type SpecParts,
} from "../conformance/harness.ts";
import type { Suite } from "../conformance/harness.ts";
import { labeledContainers } from "../helpers/docker/containers.ts";
import type { DockerdUser } from "../helpers/docker/dockerd.ts";
import { smallTags } from "../helpers/docker/images.ts";

/** A daemon's host, and what differs from a provider of the tiny image, without pulls and without a pool. */
export function providerAt(host: string, options: Partial<DockerProviderOptions> = {}) {
  return createDockerProvider({
    host,
    env: {},
    ociRuntime: undefined,
    image: smallTags.tiny,
    pullPolicy: "never",
    poolSize: 0,
    ...options,
  });
}

export type DockerProvider = ReturnType<typeof providerAt>;

export const never = (): AbortSignal => new AbortController().signal;

/** The conformance suite's helpers, for one provider. */
function suiteOf(provider: DockerProvider): Suite {
  const nothing = () => Promise.resolve([]);
  return {
    provider: () => provider,
    enforcement: "strict",
    folderOwner: { uid: 0, gid: 0 },
    leftovers: () => ({ env: {}, processes: nothing, find: nothing }),
    must: () => undefined,
  };
}

export function create(
  provider: DockerProvider,
  parts: SpecParts = {},
  signal = never(),
): Promise<ProviderSandbox> {
  return provider.create(specOf(suiteOf(provider), parts), signal);
}

export function exec(
  provider: DockerProvider,
  sandbox: ProviderSandbox,
  argv: readonly string[],
  command: CommandParts = {},
): Promise<Result> {
  return execIn(suiteOf(provider), sandbox, argv, command);
}

/** One command in a sandbox of its own. */
export async function runOnce(
  provider: DockerProvider,
  argv: readonly string[],
  parts: SpecParts = {},
  command: CommandParts = {},
): Promise<Result> {
  const sandbox = await create(provider, parts);
  try {
    return await exec(provider, sandbox, argv, command);
  } finally {
    await sandbox.destroy();
  }
}

/** Ids of this process's containers, in any state. */
export const ownContainers = (dockerd: DockerdUser): Promise<readonly string[]> =>
  labeledContainers(dockerd, `${ownerLabel}=${ownOwner()}`);

/** The one container that this process has. */
export async function ownContainer(dockerd: DockerdUser): Promise<string> {
  const [id, ...others] = await ownContainers(dockerd);
  if (id === undefined || others.length > 0) throw new Error(`${others.length + 1} containers?`);
  return id;
}
