/**
 * @module
 * What a caller may ask for of a sandbox of its own: the same as of POST /v1/execute. Folders and
 * programs of a machine can't be named at all.
 */
import type { ServerConfig } from "../../config/server-config.ts";
import type { Caller } from "../../core/caller.ts";
import type { Command } from "../../core/command.ts";
import { GloveboxError, invalidRequest, type Issue } from "../../core/errors.ts";
import { limitTable, type LimitName } from "../../core/limits.ts";
import type { SandboxFile, SandboxSpec } from "../../core/sandbox.ts";
import type { SandboxWish, WiredCommand } from "../../sandbox-protocol/client-messages.ts";
import type { Turn } from "../../service/request.ts";
import { snakeCase } from "../../util/snake-case.ts";
import { argumentIssues } from "../check-arguments.ts";
import { invalidBody, refuseImage, refuseNetwork } from "../to-request.ts";

/**
 * In a sandbox of its own a caller runs whatever there is.
 *
 * @throws {GloveboxError} `NOT_ALLOWED` for a key that is for some languages, or other providers.
 */
export function refuseByKey({ rules }: Caller, providerName: string): void {
  const { languages, providers } = rules;
  if (languages !== undefined) {
    const why = `your key is for programs in ${languages.join(", ")}`;
    throw notAllowed("languages", `${why}, and a sandbox of your own runs any. Use /v1/execute`);
  }
  if (providers !== undefined && !providers.includes(providerName)) {
    const allowed = providers.join(", ");
    throw notAllowed(
      "provider",
      `your key allows ${allowed}, and sandboxes are of ${providerName}`,
    );
  }
}

/** How a sandbox waits for its slot. */
export function turnOf({ id: callerId, rules }: Caller, { queueTimeoutMs }: ServerConfig): Turn {
  const { maxConcurrent } = rules;
  return {
    callerId,
    timeoutMs: queueTimeoutMs,
    ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
  };
}

/**
 * @param config Narrowed to the caller, see `boundsFor`.
 * @throws {GloveboxError} `INVALID_REQUEST` with every fault, `NOT_ALLOWED`
 */
export function admitSandbox(wish: SandboxWish, config: ServerConfig): Omit<SandboxSpec, "files"> {
  const { image, network, limits, enforcement } = wish;
  const { memory_bytes: memoryBytes, processes, disk_bytes: diskBytes } = limits;
  const wanted = { memoryBytes, processes, diskBytes, openFiles: limits.open_files };
  const issues = limitIssues(wanted, config);
  if (issues.length > 0) throw invalidBody(issues);
  refuseNetwork({ network }, config);
  refuseImage({ image }, config);
  return {
    ...(image === undefined ? {} : { image }),
    policy: { network: { mode: network }, workspace: { kind: "scratch" } },
    limits: wanted,
    hostPrograms: [],
    enforcement,
  };
}

/** @throws {GloveboxError} `INVALID_REQUEST` with every fault */
export function admitCommand(
  wired: WiredCommand,
  config: ServerConfig,
): Omit<Command, "stdin" | "onOutput"> {
  const { argv, env, cwd, tty, limits, on_output_limit: onOutputLimit } = wired;
  const wanted = {
    wallTimeMs: limits.wall_time_ms,
    cpuTimeMs: limits.cpu_time_ms,
    outputBytes: limits.output_bytes,
  };
  const issues = [
    ...(argv.length === 0 ? [{ path: "argv", message: "is empty: there is no program" }] : []),
    ...argumentIssues(argv, env, "argv"),
    ...folderIssues(cwd),
    ...limitIssues(wanted, config),
  ];
  if (issues.length > 0) throw invalidBody(issues);
  return { argv, env, cwd, limits: wanted, onOutputLimit, ...(tty === undefined ? {} : { tty }) };
}

/** @throws {GloveboxError} `INVALID_REQUEST` for files that the sandbox has no room for. */
export function refuseTooLarge(
  files: readonly SandboxFile[],
  { limits: { diskBytes } }: Pick<SandboxSpec, "limits">,
): void {
  const bytes = files.reduce((sum, { content }) => sum + content.byteLength, 0);
  if (bytes <= diskBytes) return;
  throw invalidRequest("files", `have ${bytes} bytes, more than limits.disk_bytes, ${diskBytes}`);
}

function folderIssues(cwd: string): readonly Issue[] {
  if (cwd.startsWith("/") && !cwd.includes("\0") && cwd.isWellFormed()) return [];
  return [{ path: "cwd", message: "must be an absolute path inside" }];
}

function limitIssues(
  wanted: Readonly<Partial<Record<LimitName, number>>>,
  { limits }: ServerConfig,
): readonly Issue[] {
  return Object.entries(wanted).flatMap(([key, value]) => {
    const name = key as LimitName;
    const { min } = limitTable[name];
    const max = limits.max[name];
    if (value >= min && value <= max) return [];
    const message = `must be a whole number from ${min} to ${max}, the most that this server allows, not ${value}`;
    return [{ path: `limits.${snakeCase(name)}`, message }];
  });
}

function notAllowed(field: string, message: string): GloveboxError<"NOT_ALLOWED"> {
  return new GloveboxError("NOT_ALLOWED", `${field}: ${message}.`, { field });
}
