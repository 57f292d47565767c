/**
 * @module
 * Files of the caller that are put into the sandbox.
 */
import type { Stats } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { resolve } from "node:path";
import { invalidRequest } from "../core/errors.ts";
import { parseFilePath } from "../core/file-path.ts";
import type { SandboxFile } from "../core/sandbox.ts";
import { readBounded } from "./own-stdin.ts";

/** A file of the caller; the path inside is the caller's to choose. */
export interface HostFile {
  readonly content: Buffer;
  readonly executable: boolean;
}

/**
 * Reads a file, pipe or `/dev/fd/N` to its end.
 *
 * @param field Flag or operand, for the message.
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export async function readHostFile(
  field: string,
  path: string,
  { cwd, maxBytes }: { readonly cwd: string; readonly maxBytes: number },
): Promise<HostFile> {
  const handle = await openForReading(field, path, cwd);
  try {
    const stat = await handle.stat();
    refuseFolder(field, path, stat);
    const stream = handle.createReadStream({ autoClose: false });
    const content = await readBounded(stream, maxBytes, `${field}: \`${path}\``);
    return { content, executable: (stat.mode & 0o111) !== 0 };
  } finally {
    await handle.close();
  }
}

/**
 * Reads the start of a file: enough for its `#!` line.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export async function readHead(field: string, path: string, cwd: string): Promise<Buffer> {
  const handle = await openForReading(field, path, cwd);
  try {
    refuseFolder(field, path, await handle.stat());
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The kernel reads no more of a `#!` line either (BINPRM_BUF_SIZE, since Linux 5.1). */
const HEAD_BYTES = 256;

/** Reads the files of `--file`; each keeps its path. */
export async function readExtraFiles(
  paths: readonly string[],
  { cwd, maxBytes }: { readonly cwd: string; readonly maxBytes: number },
): Promise<readonly SandboxFile[]> {
  const files: SandboxFile[] = [];
  let left = maxBytes;
  for (const written of paths) {
    const path = written.replace(/^(\.\/+)+/, "");
    const parsed = parseFilePath(path);
    if (!parsed.ok) {
      throw invalidRequest(
        "--file",
        `\`${written}\` ${parsed.reason}. Go to the program's folder and name its files from there.`,
      );
    }
    const file = await readHostFile("--file", path, { cwd, maxBytes: left });
    left -= file.content.byteLength;
    files.push({ path: parsed.path, ...file });
  }
  return files;
}

/** @throws {GloveboxError} `INVALID_REQUEST` where two files would have the same path inside. */
export function checkUniquePaths(files: readonly SandboxFile[]): void {
  const seen = new Set<string>();
  for (const { path } of files) {
    if (seen.has(path)) {
      throw invalidRequest("--file", `\`${path}\` is there twice. Leave one of them out.`);
    }
    seen.add(path);
  }
}

function refuseFolder(field: string, path: string, stat: Stats): void {
  if (!stat.isDirectory()) return;
  throw invalidRequest(
    field,
    `\`${path}\` is a folder. Write a file, or \`--workspace ${path}\` and a file in it.`,
  );
}

async function openForReading(field: string, path: string, cwd: string): Promise<FileHandle> {
  try {
    return await open(resolve(cwd, path), "r");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const hint =
      field === "FILE" && !path.includes("/")
        ? ` To run a command write \`glovebox run -- ${path} …\`.`
        : " Check its name and your rights to it.";
    throw invalidRequest(field, `\`${path}\` can't be read (${code}).${hint}`);
  }
}
