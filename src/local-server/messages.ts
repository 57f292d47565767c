/**
 * @module
 * What a run that another process makes the sandbox of consists of, as bytes. Both sides are of one
 * build, see `surroundings.ts`.
 */
import type { OutputStream } from "../core/command.ts";
import type { PoolStats } from "../core/provider.ts";
import type { SandboxFile } from "../core/sandbox.ts";
import type { ExecutionReport, ExecutionRequest, PhaseName, Program } from "../service/request.ts";

/** A program that is shown no folder. */
export type OwnProgram =
  | (Omit<Extract<Program, { kind: "code" }>, "workspace"> & { readonly workspace?: never })
  | (Omit<Extract<Program, { kind: "command" }>, "workspace"> & { readonly workspace?: never });

/** What can be run for another process of this user. */
export interface RunRequest extends Omit<ExecutionRequest, "stdin" | "program"> {
  readonly program: OwnProgram;
}

export interface RunMessage {
  /** See `surroundings.ts`. */
  readonly surroundings: string;
  readonly request: RunRequest;
  /** `stream`: it comes when it is asked for. */
  readonly stdin: "empty" | "stream";
}

/** A failure of ours: its code where it is a known one. */
export interface FailureMessage {
  readonly code: string | null;
  readonly message: string;
  readonly details: unknown;
}

/** What a server has ready: numbers, and nothing of anybody's programs. */
export interface Figures {
  /** Null where it keeps nothing ready. */
  readonly pool: PoolStats | null;
  /** Sandboxes that are being destroyed. */
  readonly destroying: number;
}

/** Of one message; files of a program and what it leaves are the largest. */
export const maxMessageBytes = 80 * 1024 * 1024;
/** Of a program's own files; who brings more can wait for a sandbox of its own. */
export const maxFileBytes = 32 * 1024 * 1024;
/** Of output that its reader has not taken yet. */
export const maxUntakenBytes = 1024 * 1024;

export const outputKinds = [
  ["compile", "stdout"],
  ["compile", "stderr"],
  ["run", "stdout"],
  ["run", "stderr"],
] as const satisfies readonly (readonly [PhaseName, OutputStream])[];

export function outputKindOf(phase: PhaseName, stream: OutputStream): number {
  return outputKinds.findIndex(([ofPhase, ofStream]) => ofPhase === phase && ofStream === stream);
}

export function packRun(message: RunMessage): readonly Uint8Array[] {
  const { program } = message.request;
  if (program.kind === "command") return pack(message, []);
  const { files } = program;
  const request = { ...message.request, program: { ...program, files: files.map(withoutContent) } };
  return pack({ ...message, request }, files);
}

/** @throws {Error} For what `packRun` did not make. */
export function unpackRun(bytes: Buffer): RunMessage {
  const { value: unpacked, contents } = unpack(bytes);
  const value = unpacked as RunMessage;
  const { program } = value.request;
  if (program.kind === "command") return value;
  return {
    ...value,
    request: {
      ...value.request,
      program: { ...program, files: withContents(program.files, contents) },
    },
  };
}

export function packReport(report: ExecutionReport): readonly Uint8Array[] {
  const { artifacts } = report;
  if (artifacts === undefined) return pack(report, []);
  const { files } = artifacts;
  return pack({ ...report, artifacts: { ...artifacts, files: files.map(withoutContent) } }, files);
}

/** @throws {Error} For what `packReport` did not make. */
export function unpackReport(bytes: Buffer): ExecutionReport {
  const { value: unpacked, contents } = unpack(bytes);
  const value = unpacked as ExecutionReport;
  const { artifacts } = value;
  if (artifacts === undefined) return value;
  return { ...value, artifacts: { ...artifacts, files: withContents(artifacts.files, contents) } };
}

interface Packed {
  readonly value: unknown;
  /** Bytes of each content. */
  readonly lengths: readonly number[];
}

const LENGTH_BYTES = 4;

/** JSON and contents of files as they are: their bytes are not to be written as text. */
function pack(value: object, files: readonly SandboxFile[]): readonly Uint8Array[] {
  const packed: Packed = {
    value,
    lengths: files.map(({ content }) => content.byteLength),
  };
  const json = Buffer.from(JSON.stringify(packed));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(json.byteLength);
  return [length, json, ...files.map(({ content }) => content)];
}

function unpack(bytes: Buffer): {
  readonly value: unknown;
  readonly contents: readonly Buffer[];
} {
  const end = LENGTH_BYTES + bytes.readUInt32BE(0);
  const { value, lengths } = JSON.parse(bytes.toString("utf8", LENGTH_BYTES, end)) as Packed;
  let at = end;
  const contents = lengths.map((length) => bytes.subarray(at, (at += length)));
  if (at !== bytes.byteLength) throw new Error("a message of another length");
  return { value, contents };
}

const nothing = Buffer.alloc(0);
const withoutContent = ({ content: _content, ...rest }: SandboxFile) => rest;

function withContents<T extends SandboxFile>(
  files: readonly T[],
  contents: readonly Buffer[],
): readonly T[] {
  return files.map((file, index) => ({ ...file, content: contents[index] ?? nothing }));
}
