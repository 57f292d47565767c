/**
 * @module
 * Finds the launcher for this machine, or makes it: the package brings a static program for one
 * architecture, and the C sources for all others.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, lstat, mkdir, open, readFile, readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { GloveboxError } from "../core/errors.ts";
import { packageFolder } from "../util/package-folder.ts";

const COMPILE_TIMEOUT_MS = 120_000;

export interface LocateOptions {
  /** Default: the folder of this package. */
  readonly folder?: string;
  /** `GLOVEBOX_LAUNCHER` names another launcher; `XDG_CACHE_HOME` is where a compiled one is kept. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whose errors these are. Default: `linux`. */
  readonly provider?: string;
}

/**
 * The absolute path of a launcher that this machine can execute.
 *
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE` where there is none and none can be compiled.
 */
export async function locateLauncher(options: LocateOptions = {}): Promise<string> {
  const place = { folder: packageFolder(), env: process.env, provider: "linux", ...options };
  const { folder, env, provider } = place;
  const named = env["GLOVEBOX_LAUNCHER"];
  if (named !== undefined && named !== "") {
    if (await isExecutableHere(named)) return named;
    throw unavailable(
      provider,
      `GLOVEBOX_LAUNCHER names \`${named}\`, which is no program for this machine`,
      "Unset GLOVEBOX_LAUNCHER.",
    );
  }
  const shipped = join(folder, "dist/launcher/glovebox-launcher");
  if (await isExecutableHere(shipped)) return shipped;
  return compileIntoCache(place);
}

/** The park library beside a launcher; undefined where none could be compiled for this machine. */
export async function locateParkLibrary(launcherPath: string): Promise<string | undefined> {
  const path = `${launcherPath}-park.so`;
  try {
    await access(path, constants.R_OK);
    return path;
  } catch {
    return undefined;
  }
}

/** ELF `e_machine` by Node's name of the architecture; elf(5), `elf.h`. */
const elfMachines: Readonly<Record<string, number>> = {
  ia32: 3,
  ppc64: 21,
  s390x: 22,
  arm: 40,
  x64: 62,
  arm64: 183,
  riscv64: 243,
  loong64: 258,
};

/** Reads the header of an ELF file; runs nothing. */
async function isExecutableHere(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    await using file = await open(path, "r");
    const header = Buffer.alloc(20);
    await file.read(header, 0, header.length, 0);
    if (header.readUInt32BE(0) !== 0x7f454c46) return false;
    const bigEndian = header[5] === 2;
    const machine = bigEndian ? header.readUInt16BE(18) : header.readUInt16LE(18);
    return machine === elfMachines[process.arch];
  } catch {
    return false;
  }
}

/** Once per user and per state of the sources. The script publishes its result by a rename. */
async function compileIntoCache(place: Required<LocateOptions>): Promise<string> {
  const { folder, provider } = place;
  const cache = await userCacheFolder(place);
  const output = join(cache, `launcher-${process.arch}-${await hashSources(place)}`);
  if (await isExecutableHere(output)) return output;
  try {
    await promisify(execFile)(
      process.execPath,
      [join(folder, "scripts/compile-launcher.mjs"), output],
      { timeout: COMPILE_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 },
    );
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw unavailable(
      provider,
      `no launcher for ${process.arch}, and it could not be compiled: ${(stderr ?? String(error)).trim()}`,
      "Install a C compiler (Debian, Ubuntu: apt-get install gcc libc6-dev) and try again.",
      error,
    );
  }
  return output;
}

async function hashSources({ folder, provider }: Required<LocateOptions>): Promise<string> {
  const sources = join(folder, "native/launcher");
  const hash = createHash("sha256");
  const add = async (from: string): Promise<void> => {
    const names = (await readdir(from)).filter((name) => /\.[ch]$/.test(name)).sort();
    for (const name of names) hash.update(name).update(await readFile(join(from, name)));
  };
  await add(join(folder, "native/park")).catch(() => undefined);
  try {
    await add(sources);
  } catch (error) {
    throw unavailable(
      provider,
      `no launcher for ${process.arch}, and no sources of it in \`${sources}\``,
      "Install Glovebox anew.",
      error,
    );
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * `~/.cache/glovebox`, made where it is missing. Who can write to it can choose what this user
 * runs, and with sudo the home folder may be somebody else's: both must belong to this user alone.
 */
async function userCacheFolder({ env, provider }: Required<LocateOptions>): Promise<string> {
  const named = env["XDG_CACHE_HOME"] ?? "";
  // The specification of these variables: an empty one counts as unset.
  const base = named === "" ? join(homedir(), ".cache") : named;
  const cache = join(base, "glovebox");
  try {
    await mkdir(cache, { recursive: true, mode: 0o700 });
    for (const folder of [base, cache]) {
      const { uid, mode } = await lstat(folder);
      if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) {
        throw new Error(`\`${folder}\` can be written to by another user`);
      }
    }
  } catch (error) {
    throw unavailable(
      provider,
      `no launcher for ${process.arch}, and no safe place to compile it to: ${(error as Error).message}`,
      "Set XDG_CACHE_HOME to a folder that only this user can write to.",
      error,
    );
  }
  return cache;
}

function unavailable(
  provider: string,
  message: string,
  hint: string,
  cause?: unknown,
): GloveboxError<"PROVIDER_UNAVAILABLE"> {
  return new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `${provider}: ${message}. ${hint}`,
    { provider, hint },
    { cause },
  );
}
