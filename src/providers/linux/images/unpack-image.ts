/**
 * @module
 * Unpacks the layers of an image inside a sandbox that has no network, and of which nothing can be
 * written but the folder for the tree.
 */
import { readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import type { ProviderSandbox } from "../../../core/provider.ts";
import { workspacePath, type SandboxSpec } from "../../../core/sandbox.ts";
import type { Records } from "../../../launcher/message.ts";
import { packageFolder } from "../../../util/package-folder.ts";
import { fileSystemRecords } from "../host-image.ts";
import type { ImageLayout } from "./layout.ts";
import { ownFolder } from "./root-entries.ts";
import type { UnpackJob } from "./unpack/main.ts";

/** Builds a sandbox whose file system is told by records. */
export type StartSandbox = (
  spec: SandboxSpec,
  fileSystem: Records,
  signal: AbortSignal,
) => Promise<ProviderSandbox>;

export interface UnpackImage {
  readonly start: StartSandbox;
  /** What skopeo wrote. */
  readonly layout: string;
  readonly layers: ImageLayout["layers"];
  /** Empty; becomes the tree. */
  readonly rootFolder: string;
  /** Called with the number of each layer, from 1. */
  readonly onLayer: (layer: number) => void;
}

export interface UnpackedTree {
  readonly bytes: number;
  readonly entries: number;
}

const GIB = 1024 ** 3;
/** The largest images that people run programs in have some 10 GiB and 300,000 files. */
export const maxTreeBytes = 20 * GIB;
/** With the folders that paths name and no entry does. */
export const maxTreeEntries = 2_000_000;
const WALL_TIME_MS = 30 * 60_000;

const layoutPath = "/layout";
const programFolder = "/opt/glovebox/unpack";
const nodePath = "/opt/glovebox/bin/node";
const jobPath = `${programFolder}/job.json`;

const reportSchema = z.object({
  bytes: z.number().check(z.nonnegative()),
  entries: z.number().check(z.nonnegative()),
});
const progressSchema = z.object({ layer: z.number() });

/** @throws {Error} With the unpacker's reason. */
export async function unpackImage(
  { start, layout, layers, rootFolder, onLayer }: UnpackImage,
  signal: AbortSignal,
): Promise<UnpackedTree> {
  const spec = specOf(rootFolder);
  const job: UnpackJob = {
    root: workspacePath,
    layers: layers.map(({ file, isGzip }) => ({ path: `${layoutPath}/${file}`, isGzip })),
    bounds: { maxBytes: maxTreeBytes, maxEntries: maxTreeEntries },
    ownFolder,
  };
  const records: Records = [
    ...fileSystemRecords(spec),
    ["mount-ro", [layoutPath, layout]],
    // As a folder of the user: Node may lie where only this user may look.
    ["mount-ro", [nodePath, await realpath(process.execPath)]],
    ...(await programRecords()),
    ["file", [jobPath, "0644", JSON.stringify(job)]],
  ];
  await using sandbox = await start(spec, records, signal);
  return await run(sandbox, onLayer, signal);
}

function specOf(rootFolder: string): SandboxSpec {
  return {
    policy: {
      network: { mode: "none" },
      workspace: { kind: "mount", hostPath: rootFolder, access: "rw" },
    },
    limits: { memoryBytes: 2 * GIB, processes: 64, diskBytes: maxTreeBytes, openFiles: 256 },
    files: [],
    hostPrograms: [],
    enforcement: "strict",
  };
}

/** The compiled program, which needs nothing but Node's own modules. */
async function programRecords(): Promise<Records> {
  const folder = join(packageFolder(), "dist/providers/linux/images/unpack");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".js"));
  const files = names.map(async (name) => {
    const content = await readFile(join(folder, name));
    return ["file", [`${programFolder}/${name}`, "0644", content]] as const;
  });
  return [
    ...(await Promise.all(files)),
    ["file", [`${programFolder}/package.json`, "0644", '{"type":"module"}']],
  ];
}

async function run(
  sandbox: ProviderSandbox,
  onLayer: (layer: number) => void,
  signal: AbortSignal,
): Promise<UnpackedTree> {
  let unfinished = "";
  let report = "";
  let stderr = "";
  const onLine = (line: string): void => {
    const progress = progressSchema.safeParse(parse(line));
    if (progress.success) onLayer(progress.data.layer);
    else report = line;
  };
  const { outcome } = await sandbox.exec(
    {
      argv: [nodePath, `${programFolder}/main.js`, jobPath],
      env: {},
      cwd: "/",
      stdin: "empty",
      limits: { wallTimeMs: WALL_TIME_MS, cpuTimeMs: "unlimited", outputBytes: 256 * 1024 },
      onOutputLimit: "kill",
      onOutput: (stream, chunk) => {
        if (stream === "stderr") stderr += chunk.toString();
        else unfinished = takeLines(unfinished + chunk.toString(), onLine);
      },
    },
    signal,
  );
  signal.throwIfAborted();
  if (outcome.kind === "exited" && outcome.exitCode === 0) {
    return reportSchema.parse(JSON.parse(report));
  }
  const reason = stderr.trim().split("\n", 1)[0]?.slice(0, 500) ?? "";
  const how = outcome.kind === "limit" ? `it reached the limit \`${outcome.limit}\`` : outcome.kind;
  throw new Error(reason === "" ? how : reason);
}

/** Tells each whole line once. @returns What follows the last of them. */
function takeLines(text: string, onLine: (line: string) => void): string {
  const lines = text.split("\n");
  const unfinished = lines.pop() ?? "";
  lines.forEach(onLine);
  return unfinished;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
