/**
 * @module
 * Files of the caller that are put into the sandbox.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Stats } from "node:fs";
import { resolve } from "node:path";
import { invalidRequest } from "../core/errors.ts";
import { parseFilePath } from "../core/file-path.ts";
import type { SandboxFile } from "../core/sandbox.ts";
import { tooLong } from "./own-stdin.ts";

/** A file of the caller; the path inside is the caller's to choose. */
export interface HostFile {
  readonly content: Buffer;
  readonly executable: boolean;
}

/**
 * Reads a file, pipe or `/dev/fd/N` to its end. Without promises: nothing else happens meanwhile, and
 * they would take longer than the reading.
 *
 * @param field Flag or operand, for the message.
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function readHostFile(
  field: string,
  path: string,
  { cwd, maxBytes }: { readonly cwd: string; readonly maxBytes: number },
): HostFile {
  const fd = openForReading(field, path, cwd);
  try {
    const stat = fstatSync(fd);
    refuseFolder(field, path, stat);
    return {
      content: readAll(fd, maxBytes, `${field}: \`${path}\``),
      executable: (stat.mode & 0o111) !== 0,
    };
  } finally {
    closeSync(fd);
  }
}

/**
 * Reads the start of a file: enough for its `#!` line.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function readHead(field: string, path: string, cwd: string): Buffer {
  const fd = openForReading(field, path, cwd);
  try {
    refuseFolder(field, path, fstatSync(fd));
    const buffer = Buffer.alloc(HEAD_BYTES);
    return buffer.subarray(0, readSync(fd, buffer, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}

function readAll(fd: number, maxBytes: number, what: string): Buffer {
  const chunks: Buffer[] = [];
  for (let bytes = 0; ;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const length = readSync(fd, chunk);
    if (length === 0) return Buffer.concat(chunks);
    bytes += length;
    if (bytes > maxBytes) throw tooLong(what, maxBytes);
    chunks.push(chunk.subarray(0, length));
  }
}

const CHUNK_BYTES = 64 * 1024;

/** The kernel reads no more of a `#!` line either (BINPRM_BUF_SIZE, since Linux 5.1). */
const HEAD_BYTES = 256;

/** Reads the files of `--file`; each keeps its path. */
export function readExtraFiles(
  paths: readonly string[],
  { cwd, maxBytes }: { readonly cwd: string; readonly maxBytes: number },
): readonly SandboxFile[] {
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
    const file = readHostFile("--file", path, { cwd, maxBytes: left });
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

function openForReading(field: string, path: string, cwd: string): number {
  try {
    return openSync(resolve(cwd, path), "r");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const hint =
      field === "FILE" && !path.includes("/")
        ? ` To run a command write \`glovebox run -- ${path} …\`.`
        : " Check its name and your rights to it.";
    throw invalidRequest(field, `\`${path}\` can't be read (${code}).${hint}`);
  }
}
