/**
 * @module
 * Debian's and Ubuntu's packages, for root.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, constants, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { GloveboxError } from "../core/errors.ts";

const QUERY_TIMEOUT_MS = 10_000;
/** Older lists name versions that a mirror no longer has. */
const LISTS_MAX_AGE_MS = 24 * 60 * 60 * 1000;
const LISTS = "/var/lib/apt/lists";
const aptGet = "/usr/bin/apt-get";

export async function hasApt(): Promise<boolean> {
  return access(aptGet, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Those of them that are not installed. */
export async function missingPackages(packages: readonly string[]): Promise<readonly string[]> {
  const argv = ["--show", "--showformat=${Package} ${db:Status-Status}\\n", "--", ...packages];
  // It fails where it knows one of them not, and lists the others all the same.
  const query = promisify(execFile)("dpkg-query", argv, { timeout: QUERY_TIMEOUT_MS });
  const { stdout } = await query.catch((error: unknown) => error as { readonly stdout?: string });
  const installed = new Set(
    (stdout ?? "")
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ", 1)[0]),
  );
  return packages.filter((name) => !installed.has(name));
}

/**
 * Installs them, without what they only recommend. What apt says goes to our stderr; it goes on with
 * what is half done by itself, and checks what it fetches by the distribution's signatures.
 *
 * @throws {GloveboxError} `SANDBOX_FAILED` where it failed.
 */
export async function installPackages(
  packages: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (await areListsOld()) await runApt(["update"], signal);
  await runApt(["install", "--yes", "--no-install-recommends", "--", ...packages], signal);
}

async function areListsOld(): Promise<boolean> {
  const status = await stat(`${LISTS}/partial`).catch(() => undefined);
  const lists = await stat(LISTS).catch(() => undefined);
  const newestMs = Math.max(status?.mtimeMs ?? 0, lists?.mtimeMs ?? 0);
  return newestMs < Date.now() - LISTS_MAX_AGE_MS;
}

async function runApt(words: readonly string[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const child = spawn(aptGet, ["--option=DPkg::Lock::Timeout=120", "--quiet", ...words], {
    stdio: ["ignore", process.stderr, process.stderr],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  // It must not leave a package half unpacked: it ends at a point of its choice.
  const onAbort = (): void => void child.kill("SIGINT");
  signal.addEventListener("abort", onAbort, { once: true });
  const [exitCode] = (await once(child, "close").finally(() => {
    signal.removeEventListener("abort", onAbort);
  })) as [number | null];
  signal.throwIfAborted();
  if (exitCode === 0) return;
  const command = `apt-get ${words.join(" ")}`;
  throw new GloveboxError(
    "SANDBOX_FAILED",
    `\`${command}\` failed with code ${String(exitCode)}. What it said is above; run it by hand to see more.`,
    { provider: "linux", step: "install packages" },
  );
}
