/**
 * @module
 * From a body of Piston's to one of ours, which is then held to the rules that hold for all.
 */
import { dirname, extname, join, parse } from "node:path/posix";
import type { ServerConfig } from "../../../config/server-config.ts";
import type { LoadedLanguage } from "../../../core/language.ts";
import { mainFileOf } from "../../../languages/from-code.ts";
import type { ExecuteBody } from "../../schemas.ts";
import type { PistonBody, PistonFile } from "./body.ts";
import { refusal } from "./errors.ts";
import { limitsOf, type PistonTimes } from "./limits.ts";
import { chooseRuntime, type PistonRuntime } from "./runtimes.ts";

export interface PistonJob {
  readonly runtime: PistonRuntime;
  readonly body: ExecuteBody;
}

export interface JobRules {
  readonly runtimes: readonly PistonRuntime[];
  /** What the server allows this caller. */
  readonly bounds: ServerConfig;
  readonly times: PistonTimes;
}

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function toJob(body: PistonBody, { runtimes, bounds, times }: JobRules): PistonJob {
  const { runtime, wanted } = chooseRuntime(runtimes, body.language, body.version);
  const { language } = runtime;
  const main = mainIndex(body);
  const files = body.files.map((file, index) => {
    const wantedPath =
      index === main ? mainPath(file, index, language) : (file.name ?? unnamedPath(index));
    // What the client named itself keeps its name, and is refused where there are two of it.
    const path = wantedPath === file.name ? wantedPath : freePath(wantedPath, body.files, index);
    return { path, ...contentOf(file, index) };
  });
  return {
    runtime,
    body: {
      language: language.id,
      ...(wanted === undefined ? {} : { version: wanted }),
      files,
      entry: files[main]?.path ?? "",
      stdin: body.stdin,
      args: [...body.args],
      ...limitsOf(body.sent, bounds, language, times),
      // What came before the limit is kept, and the status says that it was hit.
      on_output_limit: "kill",
      artifacts: [],
    },
  };
}

function mainIndex({ files }: PistonBody): number {
  // One whose encoding nobody knows is text, but it is not enough.
  if (files.some(({ isText }) => isText))
    return files.findIndex((each) => each.encoding === "utf8");
  throw refusal("files", "files must include at least one utf8 encoded file");
}

const unnamedPath = (index: number): string => `file${index}.code`;

/** For `main.c` that one, or the first of `main_2.c`, `main_3.c` … that the client uses for nothing else. */
function freePath(path: string, files: readonly PistonFile[], own: number): string {
  const isTaken = (wanted: string): boolean =>
    files.some(
      ({ name }, index) => index !== own && (name === wanted || name?.startsWith(`${wanted}/`)),
    );
  const { dir, name, ext } = parse(path);
  let free = path;
  for (let count = 2; isTaken(free); count++) free = join(dir, `${name}_${count}${ext}`);
  return free;
}

/**
 * Piston's packages give the main file the name that their compiler wants. An interpreter of Piston's gets
 * the name that a program would have seen there.
 */
function mainPath(file: PistonFile, index: number, language: LoadedLanguage): string {
  const path = file.name ?? unnamedPath(index);
  const { compile, extensions, sourceExtensions, piston } = language;
  const takesAnyName = compile === undefined && piston.length > 0;
  if (takesAnyName || [...extensions, ...sourceExtensions].includes(extname(path))) return path;
  return join(dirname(path), mainFileOf(language, Buffer.from(file.content)));
}

function contentOf(
  { content, encoding }: PistonFile,
  index: number,
): { content: string; encoding?: "base64" } {
  if (encoding === "utf8") return { content };
  const bytes = encoding === "hex" ? decodeHex(content) : decodeBase64(content);
  if (bytes !== undefined) return { content: bytes.toString("base64"), encoding: "base64" };
  const field = `files[${index}].content`;
  throw refusal(field, `${field} is not ${encoding}`);
}

function decodeHex(text: string): Buffer | undefined {
  const isHex = text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text);
  return isHex ? Buffer.from(text, "hex") : undefined;
}

/** Of either alphabet, with line breaks, with padding or without: as Piston's Node reads it. */
function decodeBase64(text: string): Buffer | undefined {
  const digits = text.replace(/\s+/g, "").replace(/={0,2}$/, "");
  const isBase64 = digits.length % 4 !== 1 && /^[A-Za-z0-9+/_-]*$/.test(digits);
  return isBase64 ? Buffer.from(digits, "base64") : undefined;
}
