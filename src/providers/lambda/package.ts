/**
 * @module
 * The zip of a function: the program at its root, what it depends on beside it, and our bootstrap in a
 * folder of its own. The same files are the same bytes, so that a hash tells whether they are there already.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { invalidRequest } from "../../core/errors.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { packageFolder } from "../../util/package-folder.ts";
import { bootstrapFolder, maxUnzippedBytes, maxZipBytes } from "./bounds.ts";
import { readFolder, type PackagedFile } from "./folder-files.ts";

export interface FunctionPackage {
  /** Of the program alone, by path. */
  readonly files: ReadonlyMap<string, PackagedFile>;
  readonly zip: Uint8Array;
  /** As AWS tells it: base64. */
  readonly sha256: string;
}

/** What was installed for the program, and its folder in the function; empty: the root. */
export interface PackagedDependencies {
  readonly folder: string;
  readonly at: string;
}

/** The first time that a zip can tell. */
const EPOCH = new Date(1980, 0, 1);
const UNIX = 3;
const modes = { file: 0o100644, executable: 0o100755, link: 0o120777 } as const;

/**
 * @param dependencies Where the program has files of the same names, its own win.
 * @throws {GloveboxError} `INVALID_REQUEST` where it is too large for Lambda.
 */
export async function makePackage(
  { policy, files: given }: Pick<SandboxSpec, "policy" | "files">,
  dependencies: PackagedDependencies | undefined,
  signal: AbortSignal,
): Promise<FunctionPackage> {
  const { workspace } = policy;
  const own =
    workspace.kind === "mount"
      ? await readFolder(workspace.hostPath, signal)
      : given.map(({ path, content, executable = false }): PackagedFile => ({
          ...{ path, content, kind: executable ? "executable" : "file" },
        }));
  refuseNames(own);
  const lent = dependencies === undefined ? [] : await readDependencies(dependencies, signal);
  const all = new Map([...lent, ...own, ...(await bootstraps())].map((file) => [file.path, file]));
  const bytes = [...all.values()].reduce((sum, { content }) => sum + content.byteLength, 0);
  if (bytes > maxUnzippedBytes) throw tooLarge(bytes, maxUnzippedBytes, "unpacked");
  signal.throwIfAborted();
  const zip = await zipOf([...all.values()]);
  if (zip.byteLength > maxZipBytes) throw tooLarge(zip.byteLength, maxZipBytes, "as a zip");
  const sha256 = createHash("sha256").update(zip).digest("base64");
  return { files: new Map(own.map((file) => [file.path, file])), zip, sha256 };
}

/** Our bootstrap has one name, and what makes zips takes the other one for something of JavaScript. */
function refuseNames(own: readonly PackagedFile[]): void {
  const found = own.find(({ path }) => path === bootstrapFolder || path === "__proto__");
  if (found === undefined) return;
  throw invalidRequest(
    "workspace",
    `no file of a function can be called \`${found.path}\`. Rename it, or add it to .gloveboxignore`,
  );
}

async function readDependencies(
  { folder, at }: PackagedDependencies,
  signal: AbortSignal,
): Promise<readonly PackagedFile[]> {
  const files = await readFolder(folder, signal);
  return at === "" ? files : files.map((file) => ({ ...file, path: `${at}/${file.path}` }));
}

async function zipOf(files: readonly PackagedFile[]): Promise<Uint8Array> {
  const { zipSync } = await import("fflate");
  const sorted = files.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  const entries = sorted.map(({ path, content, kind }) => [
    path,
    // Rights are in the upper half of what a zip has for them.
    [content, { mtime: EPOCH, os: UNIX, attrs: modes[kind] * 0x1_0000 }],
  ]);
  return zipSync(Object.fromEntries(entries) as Parameters<typeof zipSync>[0]);
}

async function bootstraps(): Promise<readonly PackagedFile[]> {
  const names = ["bootstrap.py", "bootstrap.mjs"];
  return Promise.all(
    names.map(async (name) => ({
      path: `${bootstrapFolder}/${name}`,
      content: await readFile(join(packageFolder(), "native/lambda-runtime", name)),
      kind: "file" as const,
    })),
  );
}

const tooLarge = (bytes: number, max: number, how: string): Error =>
  invalidRequest(
    "workspace",
    `the function would have ${Math.ceil(bytes / 1024 ** 2)} MB ${how}, and Lambda takes ${max / 1024 ** 2} MB. Add what the program does not need to .gloveboxignore`,
  );
