/**
 * @module
 * The program that is being written. The one place that changes it.
 */
import { computed, signal } from "@preact/signals";
import { emptyProject, type Project, type ProjectFile } from "./project-values.ts";

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
