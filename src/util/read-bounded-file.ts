/**
 * @module
 * Small text files that people name: a mistyped path may lead to a device without an end.
 */
import { closeSync, openSync, readSync } from "node:fs";

/** @throws {Error} Where it can't be read, with the system's code, or is larger, without one. */
export function readBoundedFile(path: string, maxBytes: number): string {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(maxBytes + 1);
    let length = 0;
    while (length < bytes.length) {
      const count = readSync(fd, bytes, length, bytes.length - length, null);
      if (count === 0) return bytes.toString("utf8", 0, length);
      length += count;
    }
    throw new Error(`it is larger than ${maxBytes} bytes`);
  } finally {
    closeSync(fd);
  }
}
