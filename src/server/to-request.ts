/**
 * @module
 * Turns the checked body of POST /v1/execute into what the service takes, and checks what concerns
 * several fields. All faults are collected, so that a caller mends them in one go.
 */
import { isAllowedImage } from "../config/image-name.ts";
import type { ServerConfig } from "../config/server-config.ts";
import { GloveboxError, type Issue } from "../core/errors.ts";
import type { LoadedLanguage } from "../core/language.ts";
import { limitNames, raiseToNeeds, type LimitName, type Limits } from "../core/limits.ts";
import type { SandboxFile } from "../core/sandbox.ts";
import { mainFileOf } from "../languages/from-code.ts";
import type { LanguageIndex } from "../languages/index-languages.ts";
import { unknownLanguage } from "../languages/unknown-language.ts";
import type { Encoding } from "../service/report-json.ts";
import { artifactsFolder, type ExecutionRequest } from "../service/request.ts";
import { showValue } from "../util/show-value.ts";
import { snakeCase } from "../util/snake-case.ts";
import { argumentIssues } from "./check-arguments.ts";
import { fileIssues } from "./check-files.ts";
import { decodeText } from "./decode.ts";
import type { ExecuteBody } from "./schemas.ts";

/**
 * @throws {GloveboxError} `INVALID_REQUEST` with every fault, `UNKNOWN_LANGUAGE`, or `NOT_ALLOWED`
 * where the operator does not allow the network or the image that was asked for.
 */
export function toExecutionRequest(
  body: ExecuteBody,
  languages: LanguageIndex,
  config: ServerConfig,
): ExecutionRequest {
  const language = findLanguage(body.language, languages);
  const limits = limitsOf(body, config, language);
  const issues: Issue[] = [];
  const files = filesOf(body, language, issues);
  issues.push(...fileIssues(files, body, limits.diskBytes));
  issues.push(...argumentIssues(body.args ?? [], body.env ?? {}));
  issues.push(...argumentIssues(body.compile_args ?? [], {}, "compile_args"));
  const stdin = stdinOf(body, issues);
  if (issues.length > 0) throw invalidBody(issues);
  refuseNetwork(body, config);
  refuseHostFiles(body, config);
  refuseImage(body, config);
  return {
    program: {
      kind: "code",
      language: language.id,
      files,
      ...(body.version === undefined ? {} : { version: body.version }),
      ...(body.entry === undefined ? {} : { entry: body.entry }),
    },
    args: body.args ?? [],
    env: body.env ?? {},
    stdin: stdin.byteLength === 0 ? "empty" : stdin,
    limits,
    onOutputLimit: body.on_output_limit ?? "truncate",
    network: { mode: body.network ?? "none" },
    ...(body.host_files === "ask" ? { hostFiles: body.host_files } : {}),
    enforcement: body.enforcement ?? config.enforcement,
    ...compilerOf(body),
    ...(body.compile_cache === undefined ? {} : { compileCache: body.compile_cache }),
    ...artifactsOf(body, config),
    ...(body.provider === undefined ? {} : { provider: body.provider }),
    ...(body.image === undefined ? {} : { image: body.image }),
  };
}

export function invalidBody(issues: readonly Issue[]): GloveboxError<"INVALID_REQUEST"> {
  const text = issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
  return new GloveboxError("INVALID_REQUEST", text, { issues });
}

export function findLanguage(name: string, languages: LanguageIndex): LoadedLanguage {
  const language = languages.byName(name);
  if (language !== undefined) return language;
  throw unknownLanguage(languages, name, `language: no language is called ${showValue(name)}.`);
}

function limitsOf(body: ExecuteBody, config: ServerConfig, language: LoadedLanguage): Limits {
  const named = (name: LimitName): number | undefined => body.limits?.[snakeCase(name)];
  const rows = limitNames.map((name) => [name, named(name) ?? config.limits.default[name]]);
  const limits = Object.fromEntries(rows) as Record<LimitName, number>;
  // The clock goes on while somebody thinks about an answer.
  const asks = body.network === "ask" || body.host_files === "ask";
  if (asks && named("wallTimeMs") === undefined) {
    const wanted = limits.wallTimeMs + config.permissions.askTimeoutMs;
    limits.wallTimeMs = Math.min(config.limits.max.wallTimeMs, wanted);
  }
  const isNamed = (name: LimitName): boolean => named(name) !== undefined;
  return raiseToNeeds(limits, language.limits, isNamed, config.limits.max);
}

function compilerOf({
  compile_limits: limits,
  compile_args: compileArgs,
}: ExecuteBody): Pick<ExecutionRequest, "compileLimits" | "compileArgs"> {
  const { wall_time_ms: wallTimeMs, cpu_time_ms: cpuTimeMs } = limits ?? {};
  const compileLimits = {
    ...(wallTimeMs === undefined ? {} : { wallTimeMs }),
    ...(cpuTimeMs === undefined ? {} : { cpuTimeMs }),
  };
  return {
    ...(limits === undefined ? {} : { compileLimits }),
    ...(compileArgs === undefined ? {} : { compileArgs }),
  };
}

function artifactsOf(
  { artifacts = [artifactsFolder] }: ExecuteBody,
  { artifacts: bounds }: ServerConfig,
): Pick<ExecutionRequest, "artifacts"> {
  if (artifacts.length === 0 || bounds.maxFiles === 0) return {};
  return { artifacts: { paths: artifacts, ...bounds } };
}

/** The files of the program, decoded; faults of their encoding are added to `issues`. */
function filesOf(
  body: ExecuteBody,
  language: LoadedLanguage,
  issues: Issue[],
): readonly SandboxFile[] {
  if (body.files !== undefined) {
    return body.files.map(({ path, content, encoding }, index) => ({
      path,
      content: decode(content, encoding, `files[${index}].content`, issues),
    }));
  }
  if (body.code === undefined) return [];
  const content = decode(body.code, body.code_encoding, "code", issues);
  return [{ path: mainFileOf(language, content), content }];
}

function stdinOf(body: ExecuteBody, issues: Issue[]): Buffer {
  if (body.stdin === undefined && body.stdin_encoding !== undefined) {
    issues.push({ path: "stdin_encoding", message: "has no meaning without stdin" });
  }
  return decode(body.stdin ?? "", body.stdin_encoding, "stdin", issues);
}

function decode(
  text: string,
  encoding: Encoding | undefined,
  path: string,
  issues: Issue[],
): Buffer {
  const result = decodeText(text, encoding ?? "utf8");
  if (result.ok) return result.bytes;
  issues.push({ path, message: `${result.reason}: ${showValue(text)}` });
  return Buffer.alloc(0);
}

export function refuseNetwork(
  { network }: Pick<ExecuteBody, "network">,
  { network: { allowed } }: ServerConfig,
): void {
  if (network === undefined || network === "none" || allowed.includes(network)) return;
  throw new GloveboxError(
    "NOT_ALLOWED",
    `network: this server does not allow "${network}". Its operator can, with network.allowed in glovebox.yaml.`,
    { field: "network" },
  );
}

function refuseHostFiles(
  { host_files: hostFiles }: ExecuteBody,
  { permissions: { files } }: ServerConfig,
): void {
  if (hostFiles !== "ask" || files === "ask") return;
  throw new GloveboxError(
    "NOT_ALLOWED",
    'host_files: this server does not allow "ask": they are the files of its own user. Its operator can, with permissions.files in glovebox.yaml.',
    { field: "host_files" },
  );
}

export function refuseImage({ image }: Pick<ExecuteBody, "image">, { images }: ServerConfig): void {
  if (image === undefined || isAllowedImage(image, images.allowed)) return;
  const allowed =
    images.allowed.length === 0
      ? "this server allows none. Leave it out; its operator can allow images, with images.allowed in glovebox.yaml."
      : `allowed: ${images.allowed.join(", ")}.`;
  throw new GloveboxError(
    "NOT_ALLOWED",
    `image: ${showValue(image)} can't be asked for; ${allowed}`,
    {
      field: "image",
    },
  );
}
