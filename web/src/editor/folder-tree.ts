/**
 * @module
 * Files, whose names have slashes, as folders.
 */

export type TreeNode = FolderNode | FileNode;

export interface FolderNode {
  readonly kind: "folder";
  readonly name: string;
  /** Without a slash at its end. */
  readonly path: string;
  /** Folders first, each kind by name. */
  readonly children: readonly TreeNode[];
}

export interface FileNode {
  readonly kind: "file";
  readonly name: string;
  readonly path: string;
}

export function toTree(paths: readonly string[]): readonly TreeNode[] {
  return childrenOf("", paths);
}

/** @param above Ends with a slash, or is empty. */
function childrenOf(above: string, paths: readonly string[]): readonly TreeNode[] {
  const files: FileNode[] = [];
  const folders = new Map<string, string[]>();
  for (const path of paths) {
    const [name = "", ...below] = path.slice(above.length).split("/");
    if (below.length === 0) files.push({ kind: "file", name, path });
    else folders.set(name, [...(folders.get(name) ?? []), path]);
  }
  const nodes = Array.from(folders, ([name, inside]): FolderNode => {
    const path = `${above}${name}`;
    return { kind: "folder", name, path, children: childrenOf(`${path}/`, inside) };
  });
  const byName = (one: TreeNode, other: TreeNode): number => one.name.localeCompare(other.name);
  return [...nodes.sort(byName), ...files.sort(byName)];
}
