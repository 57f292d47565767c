/**
 * @module
 * `--url` and the key of the provider `remote`: which server, and who we are to it.
 */
import { closeSync, openSync, readSync } from "node:fs";
import type { Command } from "commander";
import { invalidRequest } from "../core/errors.ts";

export interface RawRemoteFlags {
  readonly url?: string;
  readonly key?: string;
  readonly keyFile?: string;
}

export interface RemoteSettings {
  readonly url: string;
  readonly key: string | undefined;
}

const MAX_KEY_FILE_BYTES = 4096;

/** Adds the flags, for a command that may use a server's sandboxes. */
export function addRemoteFlags(command: Command): Command {
  return command
    .optionsGroup("Server (each of them means --provider remote):")
    .option(
      "--url <URL>",
      "a Glovebox server: https://HOST, http://HOST:PORT (default: GLOVEBOX_URL)",
    )
    .option(
      "--key <KEY>",
      "your key there; other users of this machine can read it in the list of processes: better set GLOVEBOX_KEY, or write --key-file",
    )
    .option("--key-file <FILE>", "a file with your key");
}

/**
 * @param env `GLOVEBOX_URL` and `GLOVEBOX_KEY` count where the flags say nothing.
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function remoteSettingsOf(
  { url = "", key, keyFile }: RawRemoteFlags,
  env: NodeJS.ProcessEnv,
): RemoteSettings {
  if (key !== undefined && keyFile !== undefined) {
    throw invalidRequest("--key", "can't be used together with --key-file.");
  }
  const address = url === "" ? (env["GLOVEBOX_URL"] ?? "") : url;
  if (address === "") {
    throw invalidRequest("--url", "is missing: which server? Write --url, or set GLOVEBOX_URL.");
  }
  // An unset variable of a shell script must not come to mean another key, or none.
  if (key === "") throw invalidRequest("--key", "is empty.");
  const ofEnv = env["GLOVEBOX_KEY"] === "" ? undefined : env["GLOVEBOX_KEY"];
  return { url: address, key: keyFile === undefined ? (key ?? ofEnv) : readKey(keyFile) };
}

/** Undefined where there is nothing to warn of. */
export function plainKeyWarning({ url, key }: RemoteSettings): string | undefined {
  if (key === undefined || !URL.canParse(url)) return undefined;
  const { protocol, hostname } = new URL(url);
  const isHere = hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
  if (protocol !== "http:" || isHere) return undefined;
  return `warning: your key goes to ${hostname} over plain http: whoever is on the way can read it. Use https`;
}

function readKey(path: string): string {
  const key = readStart(path).trim();
  if (key === "") throw invalidRequest("--key-file", `\`${path}\` has no key in it.`);
  return key;
}

function readStart(path: string): string {
  try {
    const fd = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(MAX_KEY_FILE_BYTES);
      return bytes.toString("utf8", 0, readSync(fd, bytes));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const { code = "unknown fault" } = error as NodeJS.ErrnoException;
    throw invalidRequest("--key-file", `\`${path}\` can't be read (${code}).`);
  }
}
