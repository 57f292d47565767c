/**
 * @module
 * Reads the server's configuration: defaults, then the file, then the environment, then the command
 * line. Each source is checked on its own, so that a fault names where it was written.
 */
import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { GloveboxError, isGloveboxError, type Issue } from "../core/errors.ts";
import { showText } from "../util/show-value.ts";
import { parseWith } from "../util/zod-issues.ts";
import { fileVariable, readEnvironment } from "./environment.ts";
import { fieldWithFlag } from "./flags.ts";
import { mergeSources } from "./merge.ts";
import { configSourceSchema, type ConfigSource } from "./schema.ts";
import type { ServerConfig } from "./server-config.ts";

/** Looked for in the current folder when no file is named. */
export const defaultConfigFile = "glovebox.yaml";

/** Where a fault was written, for its message. */
const commandLine = "command line";

const MAX_FILE_BYTES = 1024 * 1024;

/** A source as its author wrote it: `{ server: { port: "9000" }, limits: { max: { memory: "1GiB" } } }`. */
export type WrittenConfig = Readonly<Record<string, unknown>>;

export interface ConfigSources {
  /** From the command line (`--config`); wins over `GLOVEBOX_CONFIG`. Must exist. */
  readonly file?: string;
  readonly env: NodeJS.ProcessEnv;
  /** From the command line, in the shape of the file. */
  readonly overrides: WrittenConfig;
  /** Where `glovebox.yaml` is looked for, and what relative names start at. */
  readonly cwd: string;
}

/**
 * @throws {GloveboxError} `INVALID_CONFIG` with every fault of the first source that has one: where
 * it is written, its field, its value, and what is allowed.
 */
export function loadConfig(sources: ConfigSources): ServerConfig {
  const { source, variableOf } = readEnvironment(sources.env);
  return mergeSources([
    fileSource(sources),
    checkSource(source, "environment", (path) => variableOf.get(path) ?? path),
    checkSource(sources.overrides, commandLine, (path) => path),
  ]);
}

function fileSource({ file, env, cwd }: ConfigSources): ConfigSource {
  const fromEnv = env[fileVariable];
  const named = file ?? (fromEnv === "" ? undefined : fromEnv);
  const path = named === undefined ? join(cwd, defaultConfigFile) : resolve(cwd, named);
  const text = readConfigFile(path);
  if (text === undefined) {
    if (named === undefined) return {};
    throw invalidFile(path, "does not exist");
  }
  return checkSource(parseYaml(path, text), path, (field) => field);
}

/** Undefined where there is no such file. */
function readConfigFile(path: string): string | undefined {
  try {
    const { size } = statSync(path);
    if (size > MAX_FILE_BYTES) throw invalidFile(path, `is larger than ${MAX_FILE_BYTES} bytes`);
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isGloveboxError(error)) throw error;
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw invalidFile(path, `cannot be read: ${code}`);
  }
}

function parseYaml(path: string, text: string): unknown {
  try {
    // An empty file, or one with comments only, says nothing.
    return parse(text, { prettyErrors: true }) ?? {};
  } catch (error) {
    const [firstLine = ""] = (error as Error).message.split("\n");
    throw invalidFile(path, `is not YAML: ${showText(firstLine)}`);
  }
}

function checkSource(
  source: unknown,
  origin: string,
  nameOf: (path: string) => string,
): ConfigSource {
  const result = parseWith(configSourceSchema, source, "the configuration");
  if (result.ok) return result.value;
  throw invalidConfig(
    origin,
    result.issues.map(({ path, message }) => ({ path: nameOf(path), message })),
  );
}

const invalidFile = (path: string, message: string): GloveboxError<"INVALID_CONFIG"> =>
  invalidConfig(path, [{ path: "the file", message }]);

function invalidConfig(origin: string, issues: readonly Issue[]): GloveboxError<"INVALID_CONFIG"> {
  // Who wrote a file or a variable is told its own word; on the command line that is the flag.
  const say = origin === commandLine ? fieldWithFlag : (path: string): string => path;
  const lines = issues.map(({ path, message }) => `${origin}: ${say(path)} ${message}`);
  return new GloveboxError("INVALID_CONFIG", lines.join("\n"), { issues });
}
