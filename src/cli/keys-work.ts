/**
 * @module
 * What `glovebox keys` does in the database.
 */
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { loadLanguages } from "../app.ts";
import { flagsToConfig } from "../config/flags.ts";
import { loadConfig } from "../config/load-config.ts";
import { storageFolder } from "../config/storage-folder.ts";
import { anonymousCaller } from "../core/caller.ts";
import { invalidRequest } from "../core/errors.ts";
import { keyToJson } from "../service/key-json.ts";
import { keyState } from "../service/key-state.ts";
import { openKeyring, type Keyring } from "../service/keyring.ts";
import type { KeyEntry } from "../storage/keys-store.ts";
import { parseExpiry, parseName, parseRules, parseScopes, type CreateFlags } from "./keys-flags.ts";
import { formatKeys } from "./keys-format.ts";
import { painterFor, printNote } from "./print.ts";

export interface KeysFlags {
  readonly config?: string;
  readonly storage?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** The secret is alone on stdout, for `KEY=$(glovebox keys create)`. */
export async function createKey(flags: CreateFlags & KeysFlags): Promise<number> {
  const now = Date.now();
  const name = parseName(flags.name);
  const scopes = parseScopes(flags.scope);
  const rules = parseRules(flags, loadLanguages);
  const expiresAtMs = parseExpiry(flags.expires, now);
  const given = flags.secretFile === undefined ? undefined : await readSecret(flags.secretFile);
  return withKeyring(flags, async (keyring) => {
    const { id, secret } = await keyring.create({
      ...{ name, scopes, rules, now },
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      ...(given === undefined ? {} : { secret: given }),
    });
    const entry = keyring.list().find((each) => each.id === id);
    if (entry === undefined) throw new Error("a key that was made is there");
    // Whoever gave the secret has it; a log of theirs need not get it from us.
    if (flags.json === true) {
      printJson({ ...keyToJson(entry, now), ...(given === undefined ? { secret } : {}) });
    } else if (given === undefined) {
      process.stdout.write(`${secret}\n`);
    }
    printNote(
      `made the key ${id}${name === "" ? "" : ` (${name})`}. ` +
        (given === undefined ? "Its secret is on stdout, and won't be shown again. " : "") +
        "Callers send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`.",
    );
    return 0;
  });
}

export async function listKeys(flags: KeysFlags): Promise<number> {
  return withKeyring(flags, async (keyring, folder) => {
    const now = Date.now();
    const keys = keyring.list();
    if (flags.json === true) {
      printJson({ keys: keys.map((key) => keyToJson(key, now)) });
    } else if (keys.length === 0) {
      printNote(`there is no key in ${folder}. Make one: glovebox keys create`);
    } else {
      process.stdout.write(formatKeys(keys, now, painterFor(process.stdout, process.env)));
    }
    return 0;
  });
}

/** All of them, or none where a word names no key. */
export async function revokeKeys(words: readonly string[], flags: KeysFlags): Promise<number> {
  return withKeyring(flags, async (keyring) => {
    const keys = keyring.list();
    for (const key of new Set(words.map((word) => findKey(keys, word)))) {
      if (key.revokedAtMs === null) {
        await keyring.revoke(key, Date.now());
        process.stdout.write(`revoked ${key.id}\n`);
      } else {
        printNote(`${key.id} was revoked already`);
      }
    }
    return 0;
  });
}

export async function showCallbackSecret(
  word: string | undefined,
  flags: KeysFlags,
): Promise<number> {
  return withKeyring(flags, async (keyring) => {
    const { id } = word === undefined ? anonymousCaller : findKey(keyring.list(), word);
    process.stdout.write(`${await keyring.callbackSecret(id)}\n`);
    return 0;
  });
}

/** An id wins; of a name that was given again after a revocation, the key that still opens something. */
function findKey(keys: readonly KeyEntry[], word: string): KeyEntry {
  const byId = keys.find(({ id }) => id === word);
  if (byId !== undefined) return byId;
  const named = keys.filter(({ name }) => name === word && name !== "");
  const open = named.filter((key) => keyState(key, Date.now()) === "active");
  const [key, ...others] = open.length > 0 ? open : named;
  if (key === undefined) {
    throw invalidRequest("KEY", `there is no key \`${word}\`. \`glovebox keys list\` shows them.`);
  }
  if (others.length === 0) return key;
  const ids = [key, ...others].map(({ id }) => id).join(", ");
  throw invalidRequest(
    "KEY",
    `several keys have the name \`${word}\`. Say which by its id: ${ids}.`,
  );
}

async function withKeyring(
  { config: file, storage }: KeysFlags,
  work: (keyring: Keyring, folder: string) => Promise<number>,
): Promise<number> {
  const { env } = process;
  const config = loadConfig({
    ...(file === undefined ? {} : { file }),
    overrides: flagsToConfig(storage === undefined ? {} : { storage }),
    env,
    cwd: process.cwd(),
  });
  const folder = storageFolder(config, env);
  const keyring = await openKeyring({
    folder,
    auditFile: config.auditFile,
    onAuditTrouble: ({ message }) => {
      printNote(`warning: the audit log lacks a line: ${message}`);
    },
  });
  try {
    return await work(keyring, folder);
  } finally {
    await keyring.close();
  }
}

/** More than a secret may have, so that one that is too long is refused and not cut. */
const MAX_SECRET_FILE_BYTES = 1024;

async function readSecret(path: string): Promise<string> {
  const stream: Readable = path === "-" ? process.stdin : createReadStream(path);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Leaving the loop closes the stream.
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes > MAX_SECRET_FILE_BYTES) break;
    }
  } catch (error) {
    const { code = "unknown fault" } = error as NodeJS.ErrnoException;
    throw invalidRequest("--secret-file", `\`${path}\` can't be read (${code}).`);
  }
  // An editor ends a file with a line feed.
  return Buffer.concat(chunks)
    .toString("latin1")
    .replace(/\r?\n$/, "");
}

function printJson(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
