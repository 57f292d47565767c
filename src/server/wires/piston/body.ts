/**
 * @module
 * What POST /execute and the first message of /connect carry, checked in Piston's order and words.
 */
import { posix } from "node:path";
import { refuseFloods } from "../../validate.ts";
import { refusal } from "./errors.ts";

export interface PistonFile {
  /** Relative, and below the folder of the program. Undefined: the server names it. */
  readonly name: string | undefined;
  readonly content: string;
  readonly encoding: "utf8" | "base64" | "hex";
  /** Whether it says so: one of them must. */
  readonly isText: boolean;
}

export interface PistonBody {
  readonly language: string;
  /** A range of versions, see `isInRange`. */
  readonly version: string;
  readonly files: readonly PistonFile[];
  /** With a line's end: Piston adds one where it is missing, even to nothing. */
  readonly stdin: string;
  readonly args: readonly string[];
  /** All fields as they came, for the limits. */
  readonly sent: Readonly<Record<string, unknown>>;
}

const encodings = ["utf8", "base64", "hex"] as const;

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function readBody(document: unknown, maxFiles: number): PistonBody {
  refuseFloods(document, maxFiles);
  const sent = (isObject(document) ? document : {}) as Readonly<Record<string, unknown>>;
  const { files } = sent;
  const language = requireText(sent, "language");
  const version = requireText(sent, "version");
  if (!Array.isArray(files)) throw refusal("files", "files is required as an array");
  return {
    language,
    version,
    files: files.map(readFile),
    stdin: withLineEnd(optionalText(sent["stdin"], "stdin")),
    args: readArgs(sent["args"]),
    sent,
  };
}

function requireText(sent: Readonly<Record<string, unknown>>, name: string): string {
  const value = sent[name];
  if (typeof value === "string" && value !== "") return value;
  throw refusal(name, `${name} is required as a string`);
}

function optionalText(value: unknown, name: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw refusal(name, `If specified, ${name} must be a string`);
}

const withLineEnd = (text: string): string => (text.endsWith("\n") ? text : `${text}\n`);

function readArgs(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw refusal("args", "If specified, args must be an array");
  return value.map((arg: unknown, index) => {
    if (typeof arg === "string") return arg;
    if (typeof arg === "number") return String(arg);
    throw refusal(`args[${index}]`, `args[${index}] must be a string`);
  });
}

function readFile(file: unknown, index: number): PistonFile {
  const { name, content, encoding } = (isObject(file) ? file : {}) as Partial<
    Record<string, unknown>
  >;
  const path = `files[${index}]`;
  if (typeof content !== "string") {
    throw refusal(`${path}.content`, `${path}.content is required as a string`);
  }
  return {
    name: readName(name, path),
    content,
    // Piston takes an encoding that it does not know for none.
    encoding: encodings.find((known) => known === encoding) ?? "utf8",
    isText: !encoding || encoding === "utf8",
  };
}

function readName(value: unknown, path: string): string | undefined {
  const name = optionalText(value, `${path}.name`);
  if (name === "") return undefined;
  const relative = posix.join(".", name);
  if (relative !== ".." && !relative.startsWith("../")) return relative;
  throw refusal(`${path}.name`, `${path}.name must not lead out of the folder of the program`);
}

const isObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);
