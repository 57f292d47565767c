/**
 * @module
 * An index in a git repository: its newest files, in a folder that its caller removes.
 */
import { spawn } from "node:child_process";
import { lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { invalidRequest } from "../core/errors.ts";
import { isProcessAlive, ownProcessTag } from "../util/process-tag.ts";
import { showText } from "../util/show-value.ts";
import { findProgram } from "./find-program.ts";

/** What git takes for a repository elsewhere, and a folder can't be called. */
export const isRepository = (index: string): boolean =>
  /^(https?|ssh|git|file):\/\//.test(index) || /^[\w.-]+@[\w.-]+:/.test(index);

export interface Checkout extends AsyncDisposable {
  readonly folder: string;
}

/** From the first word to the last byte. */
const TIMEOUT_MS = 120_000;
const MAX_MESSAGE_CHARS = 2000;

/**
 * Nothing in a repository is run: no hook, no filter, no submodule; its links are files.
 *
 * @throws {GloveboxError} `INVALID_REQUEST` with what git said.
 */
export async function checkOut(repository: string, signal: AbortSignal): Promise<Checkout> {
  await removeOrphans();
  const { pid, startTime } = ownProcessTag();
  const folder = await mkdtemp(join(tmpdir(), `glovebox-index-${pid}-${startTime}-`));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const fault = await runGit(cloneWords(repository, folder), signal);
    signal.throwIfAborted();
    if (fault !== undefined) {
      throw invalidRequest("--index", `\`${repository}\` can't be read: ${showText(fault)}.`);
    }
    return { folder, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** What killed ones have left. Others' folders lie there, too. */
async function removeOrphans(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid, startTime = ""] = /^glovebox-index-(\d+)-(\d+)-/.exec(name) ?? [];
    if (pid === undefined || isProcessAlive({ pid: Number(pid), startTime })) continue;
    const path = join(tmpdir(), name);
    const status = await lstat(path).catch(() => undefined);
    if (status?.uid !== process.getuid?.()) continue;
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

const cloneWords = (repository: string, folder: string): readonly string[] => [
  ...[
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.symlinks=false",
    "-c",
    "protocol.ext.allow=never",
  ],
  ...["-c", "core.fsmonitor=false", "-c", "init.templateDir="],
  // Nobody ends it where we were killed: a server that says nothing does.
  ...["-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60"],
  ...["clone", "--quiet", "--depth", "1", "--single-branch", "--no-tags", "--", repository, folder],
];

/** @returns What it said where it failed. */
async function runGit(words: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const program = findProgram("git", (process.env["PATH"] ?? "").split(delimiter));
  if (program === undefined) return "git is not installed";
  return new Promise((resolve) => {
    const git = spawn(program, words, {
      env: { ...process.env, GIT_TERMINAL_PROMPT: "0", GIT_LFS_SKIP_SMUDGE: "1" },
      stdio: ["ignore", "ignore", "pipe"],
      // A group of its own: what speaks to the server is a child of it, and must end with it.
      detached: true,
    });
    const over = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const end = (): void => endGroup(git.pid);
    over.addEventListener("abort", end, { once: true });
    let said = "";
    git.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-MAX_MESSAGE_CHARS);
    });
    git.on("error", ({ message }) => {
      resolve(message);
    });
    git.on("close", (code) => {
      over.removeEventListener("abort", end);
      const late = over.aborted ? "it took too long" : `git ended with ${String(code)}`;
      resolve(code === 0 ? undefined : said.trim() || late);
    });
    if (over.aborted) end();
  });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
