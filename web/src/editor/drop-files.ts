/**
 * @module
 * Files and folders that are dropped on the page become files of the program.
 */
import { toBase64 } from "../../../src/client/bytes.ts";
import { nameProblem } from "../state/file-names.ts";
import { addFiles, project } from "../state/project.ts";
import type { ProjectFile } from "../state/project-values.ts";
import { notify } from "../ui/notices.tsx";

/** As the server's default bound of a program's files is. */
const MAX_FILES = 256;
const MAX_BYTES = 4 * 1024 * 1024;

/** @returns Ends it. */
export function takeDroppedFiles(element: HTMLElement): () => void {
  const over = (event: DragEvent): void => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    element.classList.add("dropping");
  };
  const leave = (event: DragEvent): void => {
    if (!element.contains(event.relatedTarget as Node | null)) element.classList.remove("dropping");
  };
  const drop = (event: DragEvent): void => {
    element.classList.remove("dropping");
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.stopPropagation();
    // The list is empty once this returns.
    const dropped = [...(event.dataTransfer?.items ?? [])].flatMap(
      // What another page made is a file, but no entry of a file system.
      (item) => item.webkitGetAsEntry() ?? item.getAsFile() ?? [],
    );
    takeDropped(dropped).catch((error: unknown) => {
      notify(`Could not read what was dropped: ${String(error)}`, "error");
    });
  };
  element.addEventListener("dragover", over);
  element.addEventListener("dragleave", leave);
  // Before the editor, which would write the text where it was dropped.
  element.addEventListener("drop", drop, { capture: true });
  return () => {
    element.removeEventListener("dragover", over);
    element.removeEventListener("dragleave", leave);
    element.removeEventListener("drop", drop, { capture: true });
  };
}

const hasFiles = ({ dataTransfer }: DragEvent): boolean =>
  dataTransfer?.types.includes("Files") === true;

async function takeDropped(dropped: readonly (FileSystemEntry | File)[]): Promise<void> {
  const found: File[] = [];
  const paths: string[] = [];
  for (const one of dropped) {
    if (!(one instanceof File)) await walk(one, { found, paths });
    else paths[found.push(one) - 1] = one.name;
  }
  await takeFiles(found.map((file, index) => ({ path: paths[index] ?? file.name, file })));
}

export interface GivenFile {
  readonly path: string;
  readonly file: Blob;
}

export async function takeFiles(given: readonly GivenFile[]): Promise<void> {
  const total = given.reduce((sum, { file }) => sum + file.size, 0);
  if (given.length > MAX_FILES || total > MAX_BYTES) {
    notify(`That is too much: at most ${MAX_FILES} files and 4 MiB can be dropped.`, "error");
    return;
  }
  const { files } = project.peek();
  const added: ProjectFile[] = [];
  for (const { path, file } of given) {
    const others = [...files, ...added].flatMap((other) => (other.path === path ? [] : other.path));
    const problem = nameProblem(path, others);
    if (problem !== undefined) notify(`${path}: ${problem}`, "error");
    else added.push({ path, ...toContent(new Uint8Array(await file.arrayBuffer())) });
  }
  if (added.length > 0) addFiles(added);
}

async function walk(
  entry: FileSystemEntry,
  into: { readonly found: File[]; readonly paths: string[] },
): Promise<void> {
  if (into.found.length > MAX_FILES) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    });
    into.found.push(file);
    into.paths.push(entry.fullPath.replace(/^\//, ""));
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A hundred at a time.
  for (;;) {
    const children = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (children.length === 0) return;
    for (const child of children) await walk(child, into);
  }
}

function toContent(bytes: Uint8Array): Pick<ProjectFile, "content" | "encoding"> {
  try {
    const content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!content.includes("\0")) return { content, encoding: "utf8" };
  } catch {
    // No text.
  }
  return { content: toBase64(bytes), encoding: "base64" };
}
