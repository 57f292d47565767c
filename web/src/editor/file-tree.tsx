/**
 * @module
 * The folders of a program that has some: opened, closed, renamed, removed, and files in them.
 */
import { computed, signal } from "@preact/signals";
import { folderProblem, isBelow } from "../state/file-names.ts";
import { activePath, filePaths, renameFolder } from "../state/project.ts";
import { Icon } from "../ui/icons.tsx";
import { focusEditor } from "./editor-pane.tsx";
import { toTree, type FolderNode, type TreeNode } from "./folder-tree.ts";
import { isNaming, naming, NameField } from "./name-field.tsx";
import { removeWithUndo } from "./remove-files.ts";

const tree = computed(() => toTree(filePaths.value));
const hasFolders = computed(() => tree.value.some(({ kind }) => kind === "folder"));
const closed = signal<ReadonlySet<string>>(new Set());
/** Path of the row that was used last; it may be gone. */
const reached = signal("");

export function FileTree() {
  if (!hasFolders.value) return null;
  return (
    <div class="file-tree" role="tree" aria-label="Folders" onKeyDown={takeKey}>
      {rows.value.map((row) => (
        <Row key={`${row.node.kind} ${row.node.path}`} {...row} />
      ))}
    </div>
  );
}

interface RowProps {
  readonly node: TreeNode;
  /** Of its folder, from 1. */
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
}

/** A row each, without those in closed folders. */
const rows = computed(() => rowsOf(tree.value, 1));

const rowsOf = (nodes: readonly TreeNode[], level: number): readonly RowProps[] =>
  nodes.flatMap((node, index) => {
    const row = { node, level, position: index + 1, siblings: nodes.length };
    const below = node.kind === "folder" && isOpen(node) ? node.children : [];
    return [row, ...rowsOf(below, level + 1)];
  });

const isOpen = ({ kind, path }: TreeNode): boolean => kind === "folder" && !closed.value.has(path);

/** The one that Tab leads to. */
const current = computed(() => {
  const shown = rows.value.map(({ node }) => node.path);
  return [reached.value, activePath.value].find((path) => shown.includes(path)) ?? shown[0] ?? "";
});

function Row({ node, level, position, siblings }: RowProps) {
  const isCurrent = current.value === node.path;
  return (
    <div
      role="treeitem"
      aria-level={level}
      aria-posinset={position}
      aria-setsize={siblings}
      aria-label={node.name}
      aria-expanded={node.kind === "folder" ? isOpen(node) : undefined}
      aria-selected={activePath.value === node.path}
      class="row"
      tabIndex={isCurrent ? 0 : -1}
      title={node.path}
      data-path={node.path}
      style={{ paddingInlineStart: `${0.4 + (level - 1) * 0.9}rem` }}
      onFocus={() => (reached.value = node.path)}
      onClick={() => {
        open(node);
      }}
      onDblClick={() => {
        rename(node);
      }}
    >
      {isNaming("folder", node.path) ? <FolderName path={node.path} /> : <Name node={node} />}
      {node.kind === "folder" && isCurrent && <FolderActions node={node} />}
    </div>
  );
}

function Name({ node }: { readonly node: TreeNode }) {
  const isMain = filePaths.value[0] === node.path;
  return (
    <span class={`name ${node.kind}`}>
      {node.kind === "folder" && <Icon name="chevron" />}
      {isMain && <Icon name="play" />}
      {node.name}
    </span>
  );
}

function FolderActions({ node: { path } }: { readonly node: FolderNode }) {
  const isAll = filePaths.value.every((file) => isBelow(file, path));
  return (
    <span class="actions">
      <ActionButton
        label={`New file in ${path}`}
        icon="plus"
        act={() => (naming.value = { kind: "new", path: `${path}/` })}
      />
      {!isAll && (
        <ActionButton
          label={`Remove ${path}`}
          icon="close"
          act={() => {
            removeFolder(path);
          }}
        />
      )}
    </span>
  );
}

interface ActionButtonProps {
  readonly label: string;
  readonly icon: "plus" | "close";
  readonly act: () => void;
}

function ActionButton({ label, icon, act }: ActionButtonProps) {
  return (
    <button
      type="button"
      class="quiet"
      title={label}
      aria-label={label}
      // The row's own click, and the tree's keys, are others.
      onClick={(event) => {
        event.stopPropagation();
        act();
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
      }}
    >
      <Icon name={icon} />
    </button>
  );
}

function FolderName({ path }: { readonly path: string }) {
  return (
    <NameField
      of={{ kind: "folder", path }}
      check={(name) => folderProblem(path, name, filePaths.peek())}
      take={(name) => {
        renameFolder(path, name);
        reached.value = name;
      }}
    />
  );
}

function removeFolder(path: string): void {
  const inside = filePaths.peek().filter((file) => isBelow(file, path));
  removeWithUndo(
    inside,
    `${path} with ${inside.length === 1 ? "a file" : `${inside.length} files`}`,
  );
}

/** @param isOpen Absent: the other of what it is. */
function setOpen(path: string, isOpen = closed.peek().has(path)): void {
  const others = [...closed.peek()].filter((other) => other !== path);
  closed.value = new Set(isOpen ? others : [...others, path]);
}

function open(node: TreeNode): void {
  reached.value = node.path;
  if (node.kind === "folder") setOpen(node.path);
  else activePath.value = node.path;
}

function rename({ kind, path }: TreeNode): void {
  naming.value = { kind, path };
}

/** As the ARIA Authoring Practices have it for trees. */
function takeKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const items = [
    ...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[role="treeitem"]'),
  ];
  const at = items.findIndex((item) => item.dataset["path"] === current.peek());
  const node = rows.peek()[at]?.node;
  if (node === undefined) return;
  const goTo = (item: HTMLElement | undefined): void => item?.focus();
  const actions: Readonly<Record<string, () => void>> = {
    ArrowDown: () => {
      goTo(items[at + 1]);
    },
    ArrowUp: () => {
      goTo(items[at - 1]);
    },
    Home: () => {
      goTo(items[0]);
    },
    End: () => {
      goTo(items.at(-1));
    },
    ArrowRight: () => {
      if (isOpen(node)) goTo(items[at + 1]);
      else if (node.kind === "folder") setOpen(node.path, true);
    },
    ArrowLeft: () => {
      if (isOpen(node)) setOpen(node.path, false);
      else goTo(items.findLast(({ dataset }) => isBelow(node.path, dataset["path"] ?? "")));
    },
    Enter: () => {
      open(node);
      if (node.kind === "file") focusEditor();
    },
    " ": () => {
      open(node);
    },
    F2: () => {
      rename(node);
    },
    Delete: () => {
      if (node.kind === "folder") removeFolder(node.path);
      else removeWithUndo([node.path]);
    },
  };
  const act = actions[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
}
