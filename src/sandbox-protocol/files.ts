/**
 * @module
 * Files on their way over the connection: first what a file is called, then its bytes, one after the
 * other.
 */
import { foldersOf } from "../core/collected.ts";
import { invalidRequest } from "../core/errors.ts";
import { parseFilePath } from "../core/file-path.ts";
import type { SandboxFile } from "../core/sandbox.ts";
import { createByteCollector, type ByteCollector } from "../util/byte-collector.ts";
import { showValue } from "../util/show-value.ts";
import { maxPieceBytes } from "./bounds.ts";
import type { ByteFrame } from "./frames.ts";
import type { FileMessage } from "./shared-messages.ts";

/** What files are sent through. */
export interface FileCarrier {
  send(message: FileMessage): Promise<void>;
  sendBytes(frame: ByteFrame): Promise<void>;
}

/** @param isWanted Asked before each file. */
export async function sendFiles(
  carrier: FileCarrier,
  turn: number,
  files: readonly SandboxFile[],
  isWanted: () => boolean,
): Promise<void> {
  for (const { path, content, executable = false } of files) {
    if (!isWanted()) return;
    await carrier.send({ type: "file", turn, path, executable, bytes: content.byteLength });
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    for (let sent = 0; sent < bytes.byteLength; sent += maxPieceBytes) {
      const piece = bytes.subarray(sent, sent + maxPieceBytes);
      await carrier.sendBytes({ kind: "file", turn, bytes: piece });
    }
  }
}

export interface FileBounds {
  readonly maxFiles: number;
  /** Of the contents of all together. */
  readonly maxBytes: number;
}

/** Takes files from a stranger. Each method throws `INVALID_REQUEST` for the first fault. */
export interface FileReceiver {
  announce(file: Omit<FileMessage, "type" | "turn">): void;
  take(piece: Buffer): void;
  /** All of them, sorted by path. */
  finish(): readonly Required<SandboxFile>[];
}

interface OpenFile {
  readonly path: string;
  readonly executable: boolean;
  readonly bytes: number;
  readonly content: ByteCollector;
}

export function createFileReceiver({ maxFiles, maxBytes }: FileBounds): FileReceiver {
  const files = new Map<string, Required<SandboxFile>>();
  const folders = new Set<string>();
  let bytesLeft = maxBytes;
  let open: OpenFile | undefined;

  const refusePath = (path: string): void => {
    const field = `files[${files.size}].path`;
    const parsed = parseFilePath(path);
    if (!parsed.ok) throw invalidRequest(field, `${parsed.reason}: ${showValue(path)}`);
    if (files.has(path)) throw invalidRequest(field, `is there twice: ${showValue(path)}`);
    if (folders.has(path) || foldersOf(path).some((folder) => files.has(folder))) {
      throw invalidRequest(field, `is also the folder of another file: ${showValue(path)}`);
    }
  };
  const refuseWhileOpen = (): void => {
    if (open === undefined) return;
    throw invalidRequest("files", `bytes are missing of ${showValue(open.path)}`);
  };
  const closeIfWhole = (): void => {
    if (open === undefined || open.content.byteLength < open.bytes) return;
    const { path, executable, content } = open;
    files.set(path, { path, executable, content: content.take() });
    for (const folder of foldersOf(path)) folders.add(folder);
    open = undefined;
  };
  return {
    announce({ path, executable, bytes }) {
      refuseWhileOpen();
      refusePath(path);
      if (files.size >= maxFiles) throw invalidRequest("files", `are more than ${maxFiles}`);
      if (bytes > bytesLeft) {
        throw invalidRequest("files", `have more than ${maxBytes} bytes, the most that is allowed`);
      }
      bytesLeft -= bytes;
      open = { path, executable, bytes, content: createByteCollector() };
      closeIfWhole();
    },
    take(piece) {
      if (open === undefined || open.content.byteLength + piece.byteLength > open.bytes) {
        throw invalidRequest("files", "there are more bytes than were announced");
      }
      open.content.add(piece);
      closeIfWhole();
    },
    finish() {
      refuseWhileOpen();
      return [...files.values()].sort((left, right) => (left.path < right.path ? -1 : 1));
    },
  };
}
