/**
 * @module
 * The program that is being written. The one place that changes it.
 */
import { computed, signal } from "@preact/signals";
import { movedPath, nameProblem } from "./file-names.ts";
import { emptyProject, type Project, type ProjectFile } from "./project-values.ts";

export const project = signal<Project>(emptyProject);
/** Path of the file that the editor shows. */
export const activePath = signal(emptyProject.files[0]?.path ?? "");

export const activeFile = computed(
  () => project.value.files.find(({ path }) => path === activePath.value) ?? project.value.files[0],
);

/** No name has an end of line. */
const pathLines = computed(() => project.value.files.map(({ path }) => path).join("\n"));

/** Of its files, in their order: another array only where they are others, not with each key typed. */
export const filePaths = computed<readonly string[]>(() => pathLines.value.split("\n"));

export function changeProject(change: Partial<Project>): void {
  project.value = { ...project.peek(), isAsOpened: undefined, ...change };
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

/**
 * All of them stay where they are all there is: there is no program without a file.
 *
 * @returns Puts those back that are gone, if nothing else has their names; undefined where none went.
 */
export function removeFiles(paths: readonly string[]): (() => void) | undefined {
  const { files: before } = project.peek();
  const isRemoved = ({ path }: ProjectFile): boolean => paths.includes(path);
  const left = before.filter((file) => !isRemoved(file));
  if (left.length === 0 || left.length === before.length) return undefined;
  changeProject({ files: left });
  const shownAt = before.findIndex(({ path }) => path === activePath.peek());
  const shown = before[shownAt];
  if (shown !== undefined && isRemoved(shown)) {
    const nearest = before.slice(0, shownAt).findLast((file) => !isRemoved(file)) ?? left[0];
    activePath.value = nearest?.path ?? "";
  }
  return () => {
    const files = [...project.peek().files];
    for (const [index, file] of before.entries()) {
      const isFree = nameProblem(
        file.path,
        files.map(({ path }) => path),
      );
      if (isRemoved(file) && isFree === undefined) files.splice(index, 0, file);
    }
    changeProject({ files });
  };
}

/** `to` gets all that is in `from`. */
export function renameFolder(from: string, to: string): void {
  const { files } = project.peek();
  changeProject({
    files: files.map((file) => ({ ...file, path: movedPath(file.path, from, to) })),
  });
  activePath.value = movedPath(activePath.peek(), from, to);
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
