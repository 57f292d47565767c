/**
 * @module
 * The functions of an account: their settings, versions and code.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzip } from "./unzip.ts";

export interface Settings {
  readonly Runtime: string;
  readonly Handler: string;
  readonly Role: string;
  readonly Timeout: number;
  readonly MemorySize: number;
  readonly Description: string;
  readonly EphemeralStorage: { readonly Size: number };
  readonly Environment: { readonly Variables?: Readonly<Record<string, string>> };
}

export interface Code {
  readonly folder: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Version {
  readonly number: string;
  readonly settings: Settings;
  readonly code: Code;
  /** Questions that are answered with `Pending` before it is `Active`. */
  pending: number;
}

export interface StoredFunction {
  readonly name: string;
  settings: Settings;
  code: Code;
  revision: string;
  pending: number;
  nextVersion: number;
  readonly versions: Map<string, Version>;
}

export async function storeCode(zip: Buffer, folders: Set<string>): Promise<Code> {
  const folder = await mkdtemp(join(tmpdir(), "lambda-emulator-"));
  folders.add(folder);
  await unzip(zip, folder);
  const sha256 = createHash("sha256").update(zip).digest("base64");
  return { folder, bytes: zip.byteLength, sha256 };
}

export async function removeFolders(folders: ReadonlySet<string>): Promise<void> {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
}

/** @returns The last one where neither code nor settings have changed since, as Lambda does. */
export function publish(fn: StoredFunction, pending: number): Version {
  const last = fn.versions.get(String(fn.nextVersion - 1));
  const isSame =
    last?.code.sha256 === fn.code.sha256 &&
    JSON.stringify(last.settings) === JSON.stringify(fn.settings);
  if (last !== undefined && isSame) return last;
  const number = String(fn.nextVersion++);
  const version = { number, settings: fn.settings, code: fn.code, pending };
  fn.versions.set(number, version);
  return version;
}

export const touch = (fn: StoredFunction): void => {
  fn.revision = randomUUID();
};
