/**
 * @module
 * A program and how it is run, as this page has it.
 */
import type { SourceFile, SubmitRequest } from "../../../src/client/types.ts";

export interface ProjectFile {
  /** Relative, with `/`. Unique. */
  readonly path: string;
  /** Text, or base64 where `encoding` says so. */
  readonly content: string;
  readonly encoding: "utf8" | "base64";
}

export interface Limits {
  readonly wallTimeMs?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly processes?: number | undefined;
  readonly outputBytes?: number | undefined;
}

export interface Project {
  /** Id of a language. */
  readonly language: string;
  /** Empty: any. */
  readonly version: string;
  /** At least one; the first is the one that is run. */
  readonly files: readonly ProjectFile[];
  readonly stdin: string;
  readonly args: readonly string[];
  readonly limits: Limits;
  readonly network: "none" | "ask" | "all";
  readonly hostFiles: "none" | "ask";
  /** Whether it gets a terminal in place of pipes. */
  readonly isTerminal: boolean;
  /** Of a share that it was made of. */
  readonly forkedFrom?: string | undefined;
  /** It came out of a link, and nobody has changed it since. */
  readonly isAsOpened?: true | undefined;
}

/** Until the languages are known, and a starter of one of them is loaded. */
export const emptyProject: Project = {
  language: "python",
  version: "",
  files: [{ path: "main.py", content: 'print("Hello, world!")\n', encoding: "utf8" }],
  stdin: "",
  args: [],
  limits: {},
  network: "none",
  hostFiles: "none",
  isTerminal: false,
};

/** What the API is sent. */
export function toRequest(of: Project): SubmitRequest {
  const { wallTimeMs, memoryBytes, processes, outputBytes } = of.limits;
  const limits = {
    ...(wallTimeMs === undefined ? {} : { wall_time_ms: wallTimeMs }),
    ...(memoryBytes === undefined ? {} : { memory_bytes: memoryBytes }),
    ...(processes === undefined ? {} : { processes }),
    ...(outputBytes === undefined ? {} : { output_bytes: outputBytes }),
  };
  return {
    language: of.language,
    ...(of.version === "" ? {} : { version: of.version }),
    files: of.files.map(toSourceFile),
    ...(of.stdin === "" || of.isTerminal ? {} : { stdin: of.stdin }),
    ...(of.args.length === 0 ? {} : { args: of.args }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(of.network === "none" ? {} : { network: of.network }),
    ...(of.hostFiles === "none" ? {} : { host_files: of.hostFiles }),
  };
}

const toSourceFile = ({ path, content, encoding }: ProjectFile): SourceFile => ({
  path,
  content,
  ...(encoding === "utf8" ? {} : { encoding }),
});
