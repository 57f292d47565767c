/**
 * @module
 * Debian's and Ubuntu's packages, for root.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, constants, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { GloveboxError } from "../core/errors.ts";
import { openToolOutput, type ToolTalk } from "./tool-output.ts";

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
  const form = "${Package} ${db:Status-Status}\\n";
  const lines = await queryPackages(["--show", `--showformat=${form}`, "--", ...packages]);
  const installed = new Set(
    lines.filter((line) => line.endsWith(" installed")).map((line) => line.split(" ", 1)[0]),
  );
  return packages.filter((name) => !installed.has(name));
}

/**
 * Those of them that the system can do without: dpkg does not hold them for essential or usual, and the
 * Node that runs Glovebox is not of them.
 */
export async function dispensablePackages(packages: readonly string[]): Promise<readonly string[]> {
  const form = "${Package} ${Essential} ${Protected} ${Priority}\\n";
  const needed = new Set([...(await ownersOf(process.execPath))]);
  for (const line of await queryPackages(["--show", `--showformat=${form}`, "--", ...packages])) {
    const [name = "", ...words] = line.split(" ");
    if (words.some((word) => neededWords.has(word))) needed.add(name);
  }
  return packages.filter((name) => !needed.has(name));
}

/** deb-control(5): of Essential, Protected and Priority; `standard` is what each Debian comes with. */
const neededWords: ReadonlySet<string> = new Set(["yes", "required", "important", "standard"]);

/** The packages that a file is of. */
async function ownersOf(path: string): Promise<readonly string[]> {
  const lines = await queryPackages(["--search", "--", path]);
  return lines.flatMap((line) =>
    line
      .replace(/: \/.*$/, "")
      .replaceAll(/:\w+/g, "")
      .split(", "),
  );
}

/** It fails where it knows one of them not, and lists the others all the same. */
async function queryPackages(argv: readonly string[]): Promise<readonly string[]> {
  const query = promisify(execFile)("dpkg-query", argv, { timeout: QUERY_TIMEOUT_MS });
  const { stdout } = await query.catch((error: unknown) => error as { readonly stdout?: string });
  return (stdout ?? "").split("\n").filter((line) => line !== "");
}

/**
 * Installs them, without what they only recommend. apt goes on with what is half done by itself, and
 * checks what it fetches by the distribution's signatures.
 *
 * @throws {GloveboxError} `SANDBOX_FAILED` where it failed.
 */
export async function installPackages(
  packages: readonly string[],
  talk: ToolTalk,
  signal: AbortSignal,
): Promise<void> {
  if (await areListsOld()) await runApt(["update"], talk, signal);
  await runApt(["install", "--yes", "--no-install-recommends", "--", ...packages], talk, signal);
}

async function areListsOld(): Promise<boolean> {
  const status = await stat(`${LISTS}/partial`).catch(() => undefined);
  const lists = await stat(LISTS).catch(() => undefined);
  const newestMs = Math.max(status?.mtimeMs ?? 0, lists?.mtimeMs ?? 0);
  return newestMs < Date.now() - LISTS_MAX_AGE_MS;
}

async function runApt(
  words: readonly string[],
  talk: ToolTalk,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  using said = openToolOutput({ title: `apt-get ${words[0] ?? ""}`, ...talk });
  const child = spawn(aptGet, ["--option=DPkg::Lock::Timeout=120", "--quiet", ...words], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  said.follow(child.stdout);
  said.follow(child.stderr);
  // It must not leave a package half unpacked: it ends at a point of its choice.
  const onAbort = (): void => void child.kill("SIGINT");
  signal.addEventListener("abort", onAbort, { once: true });
  const [exitCode] = (await once(child, "close").finally(() => {
    signal.removeEventListener("abort", onAbort);
  })) as [number | null];
  signal.throwIfAborted();
  if (exitCode === 0) return;
  said.showEnd();
  const command = `apt-get ${words.join(" ")}`;
  throw new GloveboxError(
    "SANDBOX_FAILED",
    `\`${command}\` failed with code ${String(exitCode)}. What it said last is above; run it by hand to see more.`,
    { provider: "linux", step: "install packages" },
  );
}
