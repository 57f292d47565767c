/**
 * @module
 * Functions of AWS Lambda as sandboxes: a folder becomes a function that stays, or a program one that
 * goes with its sandbox; each sandbox is one run of it.
 */
import { join } from "node:path";
import { silentPolicyOf } from "../../core/asking.ts";
import { invalidRequest, isGloveboxError } from "../../core/errors.ts";
import { defaultLimits } from "../../core/limits.ts";
import { refuseFilesBesideMount } from "../../core/program-files.ts";
import type { ProbeReport, Provider } from "../../core/provider.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { once } from "../../util/once.ts";
import { isProcessAlive } from "../../util/process-tag.ts";
import { stateFolder } from "../../util/user-folders.ts";
import { connectAws, type Aws, type AwsOptions } from "./aws.ts";
import { memoryMib, providerName } from "./bounds.ts";
import { enforcementOf, memoryMibOf, refuseMissing } from "./enforcement.ts";
import { unenforceable } from "./failures.ts";
import {
  createSandboxFunction,
  removeFunction,
  type SandboxFunction,
} from "./function-of-sandbox.ts";
import { listFunctions } from "./functions.ts";
import { makePackage, type FunctionPackage, type PackagedDependencies } from "./package.ts";
import { openMemory, type Memory } from "./remembered.ts";
import { createLambdaSandbox, planCommand } from "./sandbox.ts";

export interface LambdaProviderOptions {
  /** In place of what the environment has. */
  readonly aws?: AwsOptions;
  /** The ARN of a role of the user's own for functions. Absent: one of ours is made. */
  readonly role?: string;
  /** They go beside the program. */
  readonly dependencies?: PackagedDependencies;
  /** Where functions and roles are remembered; default: in the state folder of `env`. */
  readonly stateFolder?: string;
  /** Called with the log that Lambda gives of a command's run. */
  readonly onLog?: (log: string) => void;
  readonly env?: NodeJS.ProcessEnv;
}

export function createLambdaProvider(options: LambdaProviderOptions = {}): Provider {
  const memory = openLambdaMemory(options);
  let opened: Aws | undefined;
  const connect = once(async () => (opened = await connectAws(options.aws ?? {})));
  /** Of `deploy`, for the next sandbox of the folder: it is what was deployed. */
  const packages = new Map<string, FunctionPackage>();
  return {
    name: providerName,
    programs: "remote",
    probe: () => probe(connect),
    create: async (spec, signal) => {
      signal.throwIfAborted();
      refuseUnservable(spec);
      const creation = { spec, aws: await connect(), memory, options };
      const packed = takePackage(packages, spec) ?? (await pack(creation, signal));
      return createLambdaSandbox({
        ...{ spec, package: packed, function: functionOf(creation, packed) },
        onLog: options.onLog ?? (() => undefined),
      });
    },
    deploy: async (spec, command, signal) => {
      signal.throwIfAborted();
      refuseUnservable(spec);
      const { workspace } = spec.policy;
      if (workspace.kind !== "mount") return;
      const creation = { spec, aws: await connect(), memory, options };
      const packed = await pack(creation, signal);
      const { settings } = planCommand(spec, command, packed.files);
      await functionOf(creation, packed).deploy(settings, signal);
      packages.set(workspace.hostPath, packed);
    },
    sweep: (signal) => sweep(connect, memory, signal),
    close: () => {
      opened?.close();
      return Promise.resolve();
    },
  };
}

export function openLambdaMemory({
  stateFolder: given,
  env = process.env,
}: LambdaProviderOptions): Memory {
  const base = stateFolder(env);
  return openMemory(given ?? (base === undefined ? undefined : join(base, "lambda")));
}

interface Creation {
  readonly spec: SandboxSpec;
  readonly aws: Aws;
  readonly memory: Memory;
  readonly options: LambdaProviderOptions;
}

function takePackage(
  packages: Map<string, FunctionPackage>,
  { policy: { workspace } }: SandboxSpec,
): FunctionPackage | undefined {
  if (workspace.kind !== "mount") return undefined;
  const packed = packages.get(workspace.hostPath);
  packages.delete(workspace.hostPath);
  return packed;
}

const pack = ({ spec, options }: Creation, signal: AbortSignal): Promise<FunctionPackage> =>
  makePackage(spec, options.dependencies, signal);

function functionOf(
  { spec, aws, memory, options }: Creation,
  packed: FunctionPackage,
): SandboxFunction {
  const { workspace } = spec.policy;
  return createSandboxFunction({
    ...{ aws, memory, package: packed },
    folder: workspace.kind === "mount" ? workspace.hostPath : undefined,
    role: options.role ?? (options.env ?? process.env)["GLOVEBOX_LAMBDA_ROLE"],
  });
}

/** @throws {GloveboxError} `POLICY_UNENFORCEABLE`, `INVALID_REQUEST`: before anything is sent. */
function refuseUnservable(spec: SandboxSpec): void {
  const { workspace } = silentPolicyOf(spec, providerName);
  refuseFilesBesideMount(spec, providerName);
  if (workspace.kind === "mount" && workspace.access === "rw") {
    throw unenforceable(
      ["files"],
      "what a function writes does not come back into your folder. Use `:ro`.",
    );
  }
  if (spec.hostPrograms.length > 0) {
    throw unenforceable(["files"], "a function has no programs of this machine.");
  }
  if (memoryMibOf(spec.limits) > memoryMib.max) {
    throw invalidRequest(
      "limits.memoryBytes",
      `a function of Lambda has at most ${memoryMib.max} MB`,
    );
  }
  refuseMissing(spec, enforcementOf(spec, "command"));
}

const probeSpec: SandboxSpec = {
  policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
  limits: defaultLimits,
  files: [],
  hostPrograms: [],
  enforcement: "best-effort",
};

/** Makes nothing: a look must not leave a function in somebody's account. */
async function probe(connect: () => Promise<Aws>): Promise<ProbeReport> {
  const enforcement = enforcementOf(probeSpec, "command");
  const report = { provider: providerName, enforcement };
  try {
    const aws = await connect();
    const functions = await listFunctions(aws);
    const facts = [
      ["region", aws.region],
      ["functions", String(functions.length)],
    ] as const;
    return { ...report, available: true, reason: "", remedy: "", facts };
  } catch (error) {
    if (!isGloveboxError(error)) throw error;
    const remedy = "hint" in error.details ? error.details.hint : "";
    return {
      ...report,
      available: false,
      reason: error.message.replace(`${providerName}: `, ""),
      remedy,
      facts: [],
    };
  }
}

/** Functions of single runs whose owners are gone. */
async function sweep(
  connect: () => Promise<Aws>,
  memory: Memory,
  signal?: AbortSignal,
): Promise<void> {
  for (const name of await memory.onceNames()) {
    if (signal?.aborted === true) return;
    const owner = await memory.once(name).read();
    if (owner !== undefined && isProcessAlive(owner)) continue;
    const aws = await connect();
    if (owner !== undefined && (owner.region !== aws.region || owner.keyMark !== aws.keyMark))
      continue;
    if (await removeFunction(aws, name)) await memory.once(name).remove();
  }
}
