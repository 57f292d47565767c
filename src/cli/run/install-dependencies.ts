/**
 * @module
 * Installs what a program needs, in a sandbox of its own that reaches its registry and nothing else.
 */
import { createProvider, createService } from "../../app.ts";
import type { CollectedFiles } from "../../core/collected.ts";
import { GloveboxError } from "../../core/errors.ts";
import type { Limits } from "../../core/limits.ts";
import { describeOutcome } from "../../core/outcome.ts";
import type { PermissionGate } from "../../core/permission.ts";
import type { SandboxFile } from "../../core/sandbox.ts";
import { requirementsFile } from "../../dependencies/ecosystems/pip.ts";
import { dependenciesOf } from "../../dependencies/python-requirements.ts";
import type { Dependencies } from "../../dependencies/find-dependencies.ts";
import { privateEndpoints, registryGate, registryInside } from "../../dependencies/registry.ts";
import { collect } from "../../service/collect.ts";
import type { ExecutionRequest } from "../../service/request.ts";
import { abortable } from "../../util/abortable.ts";
import { escapeControls } from "../escape-controls.ts";

const MIB = 1024 ** 2;

/** Builds of native code take long; a registry that stalls must not hold a run up for ever. */
const limits: Limits = {
  wallTimeMs: 600_000,
  cpuTimeMs: 600_000,
  memoryBytes: 4096 * MIB,
  diskBytes: 2048 * MIB,
  processes: 256,
  openFiles: 4096,
  outputBytes: MIB / 4,
};

/** What comes out is held in memory once. */
const bounds = { maxFiles: 50_000, maxBytes: 512 * MIB } as const;

/** The command comes as words: nothing of it is read by a shell. */
const script = { path: ".glovebox-install.sh", content: Buffer.from('exec "$@"\n') };

/**
 * @returns All files that it installed.
 * @throws {GloveboxError} `DEPENDENCIES_FAILED` with what the tool said; what `createProvider` throws.
 * @throws The reason of `signal` after its abort.
 */
export async function installDependencies(
  dependencies: Dependencies,
  registry: string,
  signal: AbortSignal,
): Promise<readonly SandboxFile[]> {
  const provider = await createProvider("linux");
  const service = createService({ provider });
  try {
    const gate = await gateOf(dependencies, registry, signal);
    const request = requestOf(dependencies, registry, gate);
    const { report, output } = await collect(service, request, signal);
    signal.throwIfAborted();
    const outcome = report.run?.outcome;
    if (outcome?.kind !== "exited" || outcome.exitCode !== 0) {
      const end = outcome === undefined ? "it did not run" : describeOutcome(outcome);
      const isMissing = outcome?.kind === "exited" && outcome.exitCode === 127;
      const said = output.run.output.toString("utf8");
      throw failed(dependencies, { registry, end, said, isMissing });
    }
    return filesOf(dependencies, registry, report.artifacts);
  } finally {
    await service.close();
  }
}

/** @throws {GloveboxError} `DEPENDENCIES_FAILED` where there is no room for them. */
export async function keep<T>(
  { ecosystem, from }: Dependencies,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new GloveboxError(
      "DEPENDENCIES_FAILED",
      `what ${from} declares can't be kept: ${(error as Error).message}.`,
      { ecosystem: ecosystem.id, from },
      { cause: error },
    );
  }
}

async function gateOf(
  { ecosystem }: Dependencies,
  registry: string,
  signal: AbortSignal,
): Promise<PermissionGate> {
  const places = [registry, ...ecosystem.fileHosts];
  const looks = Promise.all(places.map(async (place) => privateEndpoints(place)));
  return registryGate(places, (await abortable(looks, signal)).flat());
}

function requestOf(
  dependencies: Dependencies,
  registry: string,
  gate: PermissionGate,
): ExecutionRequest {
  const { ecosystem, files } = dependencies;
  const place = registry === ecosystem.registry ? "usual" : "other";
  const installation = ecosystem.install(registryInside(registry), files, place);
  const { argv, env, result } = installation;
  const requirements = ecosystem.id === "pip" ? dependenciesOf(files) : undefined;
  const generated = Object.entries({
    ...installation.files,
    ...(requirements === undefined ? {} : { [requirementsFile]: requirements.join("\n") }),
  }).map(([path, content]) => {
    return { path, content: Buffer.from(content) };
  });
  return {
    program: { kind: "code", language: "bash", files: [script, ...files, ...generated] },
    args: argv,
    env,
    stdin: "empty",
    limits,
    onOutputLimit: "truncate",
    network: { mode: "ask" },
    permissions: { gate },
    enforcement: "strict",
    compileCache: "off",
    artifacts: { paths: [result], ...bounds },
  };
}

/** Links are of no use to anybody outside, and are left out; anything else that is must not be. */
function filesOf(
  dependencies: Dependencies,
  registry: string,
  artifacts: (CollectedFiles & { readonly problem?: string }) | undefined,
): readonly SandboxFile[] {
  const { result } = dependencies.ecosystem.install(registry, dependencies.files, "usual");
  const lost = artifacts?.skipped.find(({ reason }) => reason !== "link");
  const fault =
    artifacts?.problem ??
    (artifacts?.isComplete === false
      ? `it is more than ${bounds.maxFiles} files or ${bounds.maxBytes / MIB} MiB`
      : lost === undefined
        ? undefined
        : `${lost.path} could not be taken along (${lost.reason})`);
  if (fault !== undefined) throw failed(dependencies, { registry, end: fault });
  const folder = result === "." ? "" : `${result}/`;
  return (artifacts?.files ?? [])
    .filter(({ path }) => path.startsWith(folder) && path !== script.path)
    .map((file) => ({ ...file, path: file.path.slice(folder.length) }));
}

/** Some tools say first why they failed, some last. */
const SHOWN_LINES = 8;

function shorten(lines: readonly string[]): readonly string[] {
  if (lines.length <= 2 * SHOWN_LINES) return lines;
  return [...lines.slice(0, SHOWN_LINES), "…", ...lines.slice(-SHOWN_LINES)];
}

/** Of Ruby's traces, which are long, and about its tool. */
const isFrame = (line: string): boolean => /^\s+\/\S+\.rb:\d+:in /.test(line);

interface Failure {
  readonly registry: string;
  readonly end: string;
  /** By its tool. */
  readonly said?: string;
  /** There is no such tool. */
  readonly isMissing?: boolean;
}

function failed(
  { ecosystem, from }: Dependencies,
  { registry, end, said = "", isMissing = false }: Failure,
): GloveboxError {
  const lines = shorten(said.split("\n").filter((line) => line.trim() !== "" && !isFrame(line)));
  const shown = lines.length === 0 ? "" : `\n${lines.map(escapeControls).join("\n")}`;
  // Its module is what is missing where Python itself is there.
  const hasNoPip = ecosystem.id === "pip" && /^\S+: No module named pip$/m.test(said);
  const remedy =
    isMissing || hasNoPip
      ? `Install its tool: apt-get install ${ecosystem.tool.debian}.`
      : "Leave them out with --no-dependencies.";
  return new GloveboxError(
    "DEPENDENCIES_FAILED",
    `what ${from} declares could not be installed from ${registry}: ${end}. ${remedy}${shown}`,
    { ecosystem: ecosystem.id, from },
  );
}
