/**
 * @module
 * A compiled program as bytes: the magic word, a SHA-256 over all that follows, the length of a JSON
 * header (u32, big endian), the header, and the bytes of the files and of both streams, one after the
 * other.
 */
import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { parseFilePath } from "../../core/file-path.ts";
import type { SandboxFile } from "../../core/sandbox.ts";
import {
  maxCompiledBytes,
  maxCompiledFiles,
  maxCompilerOutputBytes,
  type CompiledProgram,
} from "./compile-cache.ts";

const MAGIC = Buffer.from("gloveboxcompiled1");
const HASH_BYTES = 32;
const LENGTH_BYTES = 4;
const MAX_HEADER_BYTES = 16 * 1024 * 1024;

/** The most that an entry can be. */
export const maxEntryBytes =
  MAGIC.length +
  HASH_BYTES +
  LENGTH_BYTES +
  MAX_HEADER_BYTES +
  maxCompiledBytes +
  2 * maxCompilerOutputBytes;

const size = z.int().check(z.minimum(0));
const headerSchema = z.object({
  key: z.string(),
  files: z
    .array(z.object({ path: z.string(), executable: z.boolean(), size }))
    .check(z.maxLength(maxCompiledFiles)),
  stdout: size,
  stderr: size,
});

export function encodeEntry(key: string, { files, stdout, stderr }: CompiledProgram): Buffer {
  const header = Buffer.from(
    JSON.stringify({
      key,
      files: files.map(({ path, executable = false, content }) => {
        return { path, executable, size: content.byteLength };
      }),
      stdout: stdout.byteLength,
      stderr: stderr.byteLength,
    }),
  );
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(header.byteLength);
  const body = [length, header, ...files.map(({ content }) => content), stdout, stderr];
  const hash = createHash("sha256");
  for (const part of body) hash.update(part);
  return Buffer.concat([MAGIC, hash.digest(), ...body]);
}

/** Undefined for bytes that are not what `encodeEntry` made for this key. */
export function decodeEntry(key: string, bytes: Buffer): CompiledProgram | undefined {
  const bodyAt = MAGIC.length + HASH_BYTES;
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const body = bytes.subarray(bodyAt);
  const hash = createHash("sha256").update(body).digest();
  if (!bytes.subarray(MAGIC.length, bodyAt).equals(hash) || body.length < LENGTH_BYTES) {
    return undefined;
  }
  const filesAt = LENGTH_BYTES + body.readUInt32BE();
  const header = parseHeader(body.subarray(LENGTH_BYTES, filesAt));
  return header?.key === key ? cut(header, body.subarray(filesAt)) : undefined;
}

type Header = z.infer<typeof headerSchema>;

function parseHeader(bytes: Buffer): Header | undefined {
  try {
    return z.safeParse(headerSchema, JSON.parse(bytes.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}

function cut(header: Header, bytes: Buffer): CompiledProgram | undefined {
  let at = 0;
  const take = (length: number): Buffer => bytes.subarray(at, (at += length));
  const files = header.files.map(({ path, executable, size: length }): SandboxFile => {
    return { path, executable, content: take(length) };
  });
  const stdout = take(header.stdout);
  const stderr = take(header.stderr);
  const isWhole = at === bytes.length && files.every(({ path }) => parseFilePath(path).ok);
  return isWhole ? { files, stdout, stderr } : undefined;
}
