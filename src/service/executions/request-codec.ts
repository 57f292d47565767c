/**
 * @module
 * A request as bytes that can be kept, and back. What was kept by an older version must still be
 * readable: fields are only added.
 */
import type { ExecutionRequest } from "../request.ts";

/** Its stdin comes by another way, and must be given to `decodeRequest`. */
const LIVE = { live: true };

type KeptStdin = string | typeof LIVE;

/** @throws {Error} For a `stdin` that is a stream. */
export function encodeRequest(request: ExecutionRequest, isInteractive: boolean): Buffer {
  const { program } = request;
  const files = program.kind === "code" ? program.files : [];
  const kept = {
    ...request,
    program: {
      ...program,
      files: files.map(({ content, ...file }) => ({ ...file, content: toBase64(content) })),
    },
    stdin: isInteractive ? LIVE : keptStdin(request.stdin),
  };
  return Buffer.from(JSON.stringify(kept));
}

/** @param live What is read in place of a stdin that was not kept. */
export function decodeRequest(
  bytes: Uint8Array,
  live: ExecutionRequest["stdin"],
): ExecutionRequest {
  const kept = JSON.parse(Buffer.from(bytes).toString("utf8")) as KeptRequest;
  const { program, stdin } = kept;
  const files = program.files.map((file) => ({ ...file, content: fromBase64(file.content) }));
  return {
    ...kept,
    program: program.kind === "code" ? { ...program, files } : program,
    stdin: typeof stdin === "string" ? fromKept(stdin) : live,
  };
}

interface KeptFile {
  readonly path: string;
  readonly content: string;
  readonly executable?: boolean;
}

type KeptRequest = Omit<ExecutionRequest, "program" | "stdin"> & {
  readonly program: ExecutionRequest["program"] & { readonly files: readonly KeptFile[] };
  readonly stdin: KeptStdin;
};

function keptStdin(stdin: ExecutionRequest["stdin"]): KeptStdin {
  if (stdin === "empty") return "";
  if (stdin instanceof Uint8Array) return toBase64(stdin);
  throw new Error("a stream can't be kept");
}

function fromKept(text: string): ExecutionRequest["stdin"] {
  return text === "" ? "empty" : fromBase64(text);
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const fromBase64 = (text: string): Buffer => Buffer.from(text, "base64");
