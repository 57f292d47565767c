/**
 * @module
 * The program that is being written: its files, and how it is to be run. The one place that changes it.
 */
import { computed, signal } from "@preact/signals";
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

export const project = signal<Project>(emptyProject);
/** Path of the file that the editor shows. */
export const activePath = signal(emptyProject.files[0]?.path ?? "");

export const activeFile = computed(
  () => project.value.files.find(({ path }) => path === activePath.value) ?? project.value.files[0],
);

export function changeProject(change: Partial<Project>): void {
  project.value = { ...project.peek(), ...change };
}

/** Shows another program in the place of this one. */
export function openProject(next: Project, path = next.files[0]?.path ?? ""): void {
  project.value = next;
  activePath.value = path;
}

export function changeContent(path: string, content: string): void {
  const { files } = project.peek();
  changeProject({ files: files.map((file) => (file.path === path ? { ...file, content } : file)) });
}

/** One of the same path is replaced. */
export function addFiles(added: readonly ProjectFile[]): void {
  const paths = new Set(added.map(({ path }) => path));
  const { files } = project.peek();
  changeProject({ files: [...files.filter(({ path }) => !paths.has(path)), ...added] });
  const [first] = added;
  if (first !== undefined) activePath.value = first.path;
}

/** The last one stays: there is no program without a file. */
export function removeFile(path: string): void {
  const { files } = project.peek();
  if (files.length < 2) return;
  const index = files.findIndex((file) => file.path === path);
  const left = files.filter((file) => file.path !== path);
  changeProject({ files: left });
  if (activePath.peek() === path) activePath.value = left[Math.max(0, index - 1)]?.path ?? "";
}

export function renameFile(from: string, to: string): void {
  const { files } = project.peek();
  changeProject({
    files: files.map((file) => (file.path === from ? { ...file, path: to } : file)),
  });
  if (activePath.peek() === from) activePath.value = to;
}

/** The file that is run comes first. */
export function makeMain(path: string): void {
  const { files } = project.peek();
  const main = files.filter((file) => file.path === path);
  changeProject({ files: [...main, ...files.filter((file) => file.path !== path)] });
}

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
