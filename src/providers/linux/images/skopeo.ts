/**
 * @module
 * skopeo(1), which talks to registries: it checks digests, and knows credentials, proxies, mirrors and
 * the machine's policy from the files of containers-auth.json(5), containers-registries.conf(5) and
 * containers-policy.json(5).
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { GloveboxError } from "../../../core/errors.ts";
import type { ImageProgress } from "../../../core/image.ts";
import { missingPrograms } from "../../../util/missing-programs.ts";
import { maxManifestBytes } from "./manifest.ts";
import { pinSource } from "./pin-source.ts";
import { removeTree } from "./remove-tree.ts";

/** Of a line: a registry says what it likes. */
const MAX_TEXT_CHARACTERS = 1000;

/** What is started, and its Debian package. */
const needed = [
  ["skopeo", "skopeo"],
  ["setpriv", "util-linux"],
] as const;

export interface FetchImage {
  /** For messages. */
  readonly name: string;
  /** See `registrySource`. */
  readonly source: readonly string[];
  /** A folder that is not there; becomes an OCI layout with one image. */
  readonly layout: string;
  /** Where it may keep what it needs meanwhile. */
  readonly temporary: string;
  /** Its own environment: PATH, proxies, folders of its configuration. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Fetches an image with all that its digests name; every byte is checked against them. Its manifest is
 * looked at before, see `readManifest`.
 *
 * @throws {GloveboxError} `IMAGE_NOT_FOUND`, `SANDBOX_FAILED`; `PROVIDER_UNAVAILABLE` without skopeo.
 * @throws {Error} For an image that can't be used.
 * @throws The reason of `signal` after its abort.
 */
export async function fetchImage(
  { name, source, layout, temporary, env }: FetchImage,
  onProgress: (progress: ImageProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const skopeo = async (
    args: readonly string[],
    onStdout: (stdout: Readable) => void,
  ): Promise<void> => {
    // When this process is killed nobody else would end it.
    const argv = ["setpriv", "--pdeathsig", "KILL", "skopeo", "--tmpdir", temporary, ...args];
    signal.throwIfAborted();
    const { exitCode, lines } = await run(argv, env, onStdout, signal);
    signal.throwIfAborted();
    if (exitCode !== 0) throw missing(env) ?? failed(name, source, lines);
  };
  const inspect = async (from: readonly string[]): Promise<Buffer> => {
    const pieces: Buffer[] = [];
    let left = maxManifestBytes;
    await skopeo(["inspect", "--raw", ...from.map(forInspect)], (stdout) => {
      stdout.on("data", (piece: Buffer) => {
        left -= piece.length;
        if (left >= 0) pieces.push(piece);
      });
    });
    if (left < 0) throw new Error("its description is too large");
    return Buffer.concat(pieces);
  };
  const folder = join(temporary, "source");
  const pinned = await pinSource({ source, folder, inspect }, signal);
  // Layers that are packed in another way become gzip, which Node reads.
  const copy = ["copy", "--dest-compress-format=gzip", ...pinned, `oci:${layout}:image`];
  await skopeo(copy, (stdout) => {
    createInterface({ input: stdout }).on("line", (line) => {
      onProgress(progressOf(line.slice(0, MAX_TEXT_CHARACTERS)));
    });
  });
  await removeTree(folder, signal);
}

/** `copy` has two sides, and names for their options. */
const forInspect = (word: string): string => word.replace(/^--src-/, "--");

interface Run {
  /** Null where it was ended by a signal, or could not be started. */
  readonly exitCode: number | null;
  /** The last of its stderr. */
  readonly lines: readonly string[];
}

async function run(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  onStdout: (stdout: Readable) => void,
  signal: AbortSignal,
): Promise<Run> {
  const [file = "", ...args] = argv;
  const child = spawn(file, args, {
    env,
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
    signal,
    killSignal: "SIGKILL",
  });
  const lines: string[] = [];
  const ended = new Promise<Run["exitCode"]>((resolve) => {
    child.once("error", (error) => {
      lines.push(error.message);
      resolve(null);
    });
    child.once("close", (code) => {
      resolve(code);
    });
  });
  createInterface({ input: child.stderr }).on("line", (line) => {
    lines.push(line.slice(0, MAX_TEXT_CHARACTERS));
    if (lines.length > 20) lines.shift();
  });
  onStdout(child.stdout);
  return { exitCode: await ended, lines };
}

/** `Copying blob sha256:…`; how far a blob is it tells terminals only. */
function progressOf(line: string): ImageProgress {
  const layer = /^Copying blob (?:sha256:)?([0-9a-f]{12})/.exec(line)?.[1];
  return { text: line, ...(layer === undefined ? {} : { layer }) };
}

/** Undefined where all that is needed is there. */
function missing(env: NodeJS.ProcessEnv): GloveboxError<"PROVIDER_UNAVAILABLE"> | undefined {
  const programs = needed.map(([program]) => program);
  const [program] = missingPrograms(programs, env);
  if (program === undefined) return undefined;
  const hint = `apt-get install ${new Map<string, string>(needed).get(program) ?? program}`;
  return new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `linux: images are fetched by skopeo${program === "skopeo" ? "," : ` through ${program},`} which is not installed. Install it (Debian, Ubuntu): ${hint}`,
    { provider: "linux", hint },
  );
}

function failed(name: string, source: readonly string[], lines: readonly string[]): GloveboxError {
  const reason = reasonOf(lines);
  const message = `linux: the image \`${name}\` could not be fetched: ${reason}`;
  const isFromRegistry = source.at(-1)?.startsWith("docker://") === true;
  if (!isFromRegistry || !isUnknown(reason)) {
    const advice = isFromRegistry
      ? "Check the name of its registry, and the way to it"
      : "Check what --from names";
    return new GloveboxError("SANDBOX_FAILED", `${message}. ${advice}.`, {
      provider: "linux",
      step: "fetch an image",
    });
  }
  const registry = name.split("/", 1)[0] ?? "";
  const hint = `Check its name and tag; where its registry wants a login: skopeo login ${registry}`;
  return new GloveboxError("IMAGE_NOT_FOUND", `${message}. ${hint}`, { image: name, hint });
}

/**
 * A registry that does not know a repository may say that it can't be read without a login. This machine
 * says `permission denied` of its own files, and `executable file not found` of a credential helper.
 */
function isUnknown(reason: string): boolean {
  return /manifest unknown|name unknown|(?<!executable file )not found|unauthorized|(?<!permission )denied/i.test(
    reason,
  );
}

/** `time="…" level=fatal msg="…"`: the message of the last one. */
function reasonOf(lines: readonly string[]): string {
  const messages = lines.flatMap((line) => /\bmsg=("(?:[^"\\]|\\.)*")/.exec(line)?.[1] ?? []);
  const quoted = messages.at(-1);
  if (quoted === undefined) return lines.at(-1) ?? "it was ended";
  return quoted
    .slice(1, -1)
    .replace(/\\(["\\])/g, "$1")
    .replace(/\.$/, "");
}
