/**
 * @module
 * skopeo(1), which talks to registries: it checks digests, and knows credentials, proxies, mirrors and
 * the machine's policy from the files of containers-auth.json(5), containers-registries.conf(5) and
 * containers-policy.json(5).
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { GloveboxError } from "../../../core/errors.ts";
import type { ImageProgress } from "../../../core/image.ts";

/** Of a line: a registry says what it likes. */
const MAX_TEXT_CHARACTERS = 1000;

/** Of setpriv, for a program that is not there. */
const NOT_FOUND = 127;

const INSTALL = "apt-get install skopeo";

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
 * Fetches an image with all that its digests name; every byte is checked against them.
 *
 * @throws {GloveboxError} `IMAGE_NOT_FOUND`, `SANDBOX_FAILED`; `PROVIDER_UNAVAILABLE` without skopeo.
 * @throws The reason of `signal` after its abort.
 */
export async function fetchImage(
  { name, source, layout, temporary, env }: FetchImage,
  onProgress: (progress: ImageProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  // Layers that are packed in another way become gzip, which Node reads.
  const copy = ["copy", "--dest-compress-format=gzip", ...source, `oci:${layout}:image`];
  const skopeo = ["skopeo", "--tmpdir", temporary, ...copy];
  // When this process is killed nobody else would end it.
  const argv = ["setpriv", "--pdeathsig", "KILL", ...skopeo];
  signal.throwIfAborted();
  const { exitCode, lines } = await run(argv, env, onProgress, signal);
  signal.throwIfAborted();
  if (exitCode === 0) return;
  throw exitCode === NOT_FOUND || exitCode === undefined ? isMissing() : failed(name, lines);
}

interface Run {
  /** Null where it was ended by a signal, undefined where it could not be started. */
  readonly exitCode: number | null | undefined;
  /** The last of its stderr. */
  readonly lines: readonly string[];
}

async function run(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  onProgress: (progress: ImageProgress) => void,
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
  const ended = new Promise<Run["exitCode"]>((resolve) => {
    child.once("error", () => {
      resolve(undefined);
    });
    child.once("close", (code) => {
      resolve(code);
    });
  });
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    lines.push(line.slice(0, MAX_TEXT_CHARACTERS));
    if (lines.length > 20) lines.shift();
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    onProgress(progressOf(line.slice(0, MAX_TEXT_CHARACTERS)));
  });
  return { exitCode: await ended, lines };
}

/** `Copying blob sha256:…`; how far a blob is it tells terminals only. */
function progressOf(line: string): ImageProgress {
  const layer = /^Copying blob (?:sha256:)?([0-9a-f]{12})/.exec(line)?.[1];
  return { text: line, ...(layer === undefined ? {} : { layer }) };
}

function isMissing(): GloveboxError<"PROVIDER_UNAVAILABLE"> {
  return new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `linux: images are fetched by skopeo, which is not installed. Install it (Debian, Ubuntu): ${INSTALL}`,
    { provider: "linux", hint: INSTALL },
  );
}

function failed(name: string, lines: readonly string[]): GloveboxError {
  const reason = reasonOf(lines);
  const message = `linux: the image \`${name}\` could not be fetched: ${reason}`;
  if (!isUnknown(reason)) {
    const advice = "Check the name of its registry, and the way to it";
    return new GloveboxError("SANDBOX_FAILED", `${message}. ${advice}.`, {
      provider: "linux",
      step: "fetch an image",
    });
  }
  const registry = name.split("/", 1)[0] ?? "";
  const hint = `Check its name and tag; where its registry wants a login: skopeo login ${registry}`;
  return new GloveboxError("IMAGE_NOT_FOUND", `${message}. ${hint}`, { image: name, hint });
}

/** A registry that does not know a repository may say that it can't be read without a login. */
function isUnknown(reason: string): boolean {
  return /manifest unknown|name unknown|not found|no descriptor found|no such file|unauthorized|denied/i.test(
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
