/**
 * @module
 * The temporary folder of one sandbox: made, filled, removed, and found again when its owner died.
 */
import type { Dirent } from "node:fs";
import { chmod, lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { invalidRequest } from "../../core/errors.ts";
import { parseFilePath } from "../../core/file-path.ts";
import { homePath, workspacePath } from "../../core/sandbox.ts";
import type { SandboxFile, SandboxSpec } from "../../core/sandbox.ts";
import { isRunning, ownIdentity, parseIdentity } from "./process-identity.ts";

/** What stands for which path of a sandbox; all below `root` but a mounted workspace. */
export interface SandboxFolders {
  readonly root: string;
  /** Host path by path inside. */
  readonly hostPaths: ReadonlyMap<string, string>;
}

const prefix = "glovebox-process-";

/** Nothing is left behind if it throws. */
export async function createFolders(spec: SandboxSpec): Promise<SandboxFolders> {
  const root = await mkdtemp(join(tmpdir(), `${prefix}${await ownIdentity()}-`));
  try {
    const [scratch, home, temporary, programs] = ["workspace", "home", "tmp", "programs"].map(
      (name) => join(root, name),
    ) as [string, string, string, string];
    for (const folder of [scratch, home, temporary, programs]) await mkdir(folder);
    for (const file of spec.files) await writeSandboxFile(scratch, file);
    const { workspace } = spec.policy;
    const hostPaths = new Map([
      [workspacePath, workspace.kind === "mount" ? workspace.hostPath : scratch],
      [homePath, home],
      ["/tmp", temporary],
    ]);
    for (const { hostPath, path } of spec.hostPrograms) {
      const link = join(programs, path);
      await mkdir(dirname(link), { recursive: true });
      await symlink(hostPath, link);
      hostPaths.set(path, link).set(dirname(path), dirname(link));
    }
    return { root, hostPaths };
  } catch (error) {
    await removeTree(root);
    throw error;
  }
}

/** `wx`, because each file is new: nothing is written through a link or over another file. */
async function writeSandboxFile(
  workspace: string,
  { path, content, executable }: SandboxFile,
): Promise<void> {
  const parsed = parseFilePath(path);
  if (!parsed.ok)
    throw invalidRequest("files", `the path ${JSON.stringify(path)} ${parsed.reason}`);
  const target = join(workspace, parsed.path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content, { flag: "wx" });
  // The mode of writeFile is cut by the umask.
  await chmod(target, executable === true ? 0o755 : 0o644);
}

/** Removes a folder whose owner may have taken the write bit from its parts. */
export async function removeTree(root: string): Promise<void> {
  try {
    await rm(root, { recursive: true, force: true, maxRetries: 2 });
  } catch {
    await makeRemovable(root);
    await rm(root, { recursive: true, force: true, maxRetries: 2 });
  }
}

async function makeRemovable(folder: string): Promise<void> {
  // lstat, so that a symbolic link never leads to a folder of the host.
  if (!(await lstat(folder)).isDirectory()) return;
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeRemovable(join(folder, entry.name));
  }
}

/**
 * Removes the folders of owners that no longer run.
 *
 * @param signal Its abort ends this after the folder at hand.
 */
export async function removeOrphans(signal?: AbortSignal): Promise<void> {
  const entries = await readdir(tmpdir(), { withFileTypes: true });
  for (const entry of entries) {
    if (signal?.aborted === true) return;
    if (await isOrphan(entry)) await removeTree(join(tmpdir(), entry.name));
  }
}

async function isOrphan(entry: Dirent): Promise<boolean> {
  if (!entry.isDirectory() || !entry.name.startsWith(prefix)) return false;
  const identity = parseIdentity(entry.name.slice(prefix.length));
  if (identity === undefined) return false;
  // In a shared temporary folder anybody can make one with such a name.
  const { uid } = await lstat(join(tmpdir(), entry.name));
  if (uid !== process.getuid?.()) return false;
  return !(await isRunning(identity));
}
