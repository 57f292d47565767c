/**
 * @module
 * What was installed, by all that it depends on: a folder each, of this user, outside of any project.
 */
import { createHash, randomUUID } from "node:crypto";
import { statSync, utimesSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseFilePath } from "../core/file-path.ts";
import type { SandboxFile } from "../core/sandbox.ts";
import { isProcessAlive, ownProcessTag } from "../util/process-tag.ts";
import { showValue } from "../util/show-value.ts";
import type { Dependencies } from "./find-dependencies.ts";

/** Of all together; those that were not used for the longest time go. */
export const maxCacheBytes = 4 * 1024 ** 3;

/** Runs that go on may have their files from an entry that was used in this time. */
const IN_USE_MS = 24 * 60 * 60 * 1000;

export interface DependencyCache {
  /** The folder; undefined where it is not there. It counts as used. */
  readonly find: (key: string) => string | undefined;
  /** @returns The folder. Somebody else may have been faster. */
  readonly put: (key: string, files: readonly SandboxFile[]) => Promise<string>;
}

/** @param tool What tells one version of the installing program from another. */
export function keyOf(
  { ecosystem, files }: Dependencies,
  { registry, tool }: { readonly registry: string; readonly tool: string },
): string {
  const hash = createHash("sha256");
  // Each part with its length: no two lists of parts are the same bytes.
  for (const part of [
    ...[ecosystem.id, registry, tool, process.arch],
    ...files.flatMap(({ path, content }) => [path, content]),
  ]) {
    const bytes = Buffer.from(part);
    hash.update(`${bytes.byteLength}:`).update(bytes);
  }
  return `${ecosystem.id}-${hash.digest("hex")}`;
}

/** @param folder Made where it is missing. */
export function openDependencyCache(folder: string): DependencyCache {
  return {
    find: (key) => {
      const entry = join(folder, key);
      const now = new Date();
      try {
        statSync(join(entry, "size"));
        utimesSync(entry, now, now);
        return join(entry, "files");
      } catch {
        return undefined;
      }
    },
    put: async (key, files) => {
      const target = join(folder, key);
      await mkdir(folder, { recursive: true, mode: 0o755 });
      const staging = join(folder, stagingName());
      try {
        await writeAll(join(staging, "files"), files);
        const bytes = files.reduce((sum, { content }) => sum + content.byteLength, 0);
        await writeFile(join(staging, "size"), String(bytes));
        await rename(staging, target).catch(async (error: unknown) => {
          const { code } = error as NodeJS.ErrnoException;
          if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
        });
      } finally {
        await rm(staging, { recursive: true, force: true });
      }
      await removeOldest(folder, key);
      return join(target, "files");
    },
  };
}

/** Into a folder that only we know: no name of theirs leads anywhere else. */
async function writeAll(folder: string, files: readonly SandboxFile[]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const made = new Set<string>([folder]);
  for (const { path, content, executable } of files) {
    const parsed = parseFilePath(path);
    if (!parsed.ok) throw new Error(`the path ${showValue(path)} ${parsed.reason}`);
    const target = join(folder, parsed.path);
    const parent = dirname(target);
    if (!made.has(parent)) {
      await mkdir(parent, { recursive: true, mode: 0o755 });
      made.add(parent);
    }
    await writeFile(target, content, { flag: "wx", mode: executable === true ? 0o755 : 0o644 });
  }
}

async function removeOldest(folder: string, kept: string): Promise<void> {
  const names = await readdir(folder);
  const entries = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const status = await stat(path).catch(() => undefined);
      const size = await readFile(join(path, "size"), "utf8").catch(() => undefined);
      return { name, path, usedMs: status?.mtimeMs ?? 0, bytes: Number(size ?? 0) };
    }),
  );
  let left = maxCacheBytes;
  for (const { name, path, usedMs, bytes } of entries.sort((a, b) => b.usedMs - a.usedMs)) {
    left -= bytes;
    const isOld = name !== kept && Date.now() - usedMs > IN_USE_MS;
    const mayGo = isStaging(name) ? isOrphan(name) : left < 0 && isOld;
    if (mayGo) await rm(path, { recursive: true, force: true });
  }
}

const stagingForm = /^\.new-(\d+)-(\d+)-/;

/** Tells whose it is: what a killed one was writing goes with the next that is written. */
function stagingName(): string {
  const { pid, startTime } = ownProcessTag();
  return `.new-${pid}-${startTime}-${randomUUID()}`;
}

const isStaging = (name: string): boolean => stagingForm.test(name);

function isOrphan(name: string): boolean {
  const [, pid = "", startTime = ""] = stagingForm.exec(name) ?? [];
  return !isProcessAlive({ pid: Number(pid), startTime });
}
