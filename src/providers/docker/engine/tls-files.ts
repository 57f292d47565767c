/**
 * @module
 * Docker's three certificate files, which always have the same names.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { GloveboxError } from "../../../core/errors.ts";

/** In PEM. Absent `ca`: the system's authorities; absent `cert` and `key`: the client shows none. */
export interface TlsFiles {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/**
 * Reads `ca.pem`, `cert.pem` and `key.pem` of a folder, those that there are.
 *
 * @throws {GloveboxError} `INVALID_CONFIG` where one can't be read, or a certificate has no key.
 */
export function readIfThere(folder: string): TlsFiles {
  const ca = readFile(join(folder, "ca.pem"));
  const cert = readFile(join(folder, "cert.pem"));
  const key = readFile(join(folder, "key.pem"));
  if ((cert === undefined) !== (key === undefined)) {
    throw invalidFile(folder, "cert.pem and key.pem belong together, one is missing");
  }
  return { ...(ca ? { ca } : {}), ...(cert && key ? { cert, key } : {}) };
}

/**
 * Undefined where there is no such file.
 *
 * @throws {GloveboxError} `INVALID_CONFIG` where it can't be read.
 */
export function readFile(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw invalidFile(path, `cannot be read: ${code}. Check its permissions`, error);
  }
}

/** An `INVALID_CONFIG` about one of docker's files. */
export function invalidFile(
  path: string,
  message: string,
  cause?: unknown,
): GloveboxError<"INVALID_CONFIG"> {
  return new GloveboxError(
    "INVALID_CONFIG",
    `docker: ${path}: ${message}.`,
    { issues: [{ path, message }] },
    { cause },
  );
}
