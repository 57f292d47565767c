/**
 * @module
 * The program's files as tabs: which one is shown, run, renamed, removed.
 */
import { useEffect, useRef } from "preact/hooks";
import { nameProblem } from "../state/file-names.ts";
import { activePath, addFiles, filePaths, makeMain, renameFile } from "../state/project.ts";
import { Icon } from "../ui/icons.tsx";
import { focusEditor } from "./editor-pane.tsx";
import { removeWithUndo } from "./remove-files.ts";
import { isNaming, naming, NameField, type Naming } from "./name-field.tsx";

export function FileTabs() {
  const paths = filePaths.value;
  return (
    <div class="file-tabs">
      <div class="tabs" onKeyDown={moveByArrows}>
        <TabList paths={paths} />
        {paths.map((path, index) => (
          <FileTab key={path} path={path} index={index} />
        ))}
      </div>
      {naming.value?.kind === "new" ? (
        <FileName of={naming.value} />
      ) : (
        <button
          type="button"
          class="quiet"
          title="New file"
          onClick={() => (naming.value = { kind: "new", path: "" })}
        >
          <Icon name="plus" />
          <span class="only-read">New file</span>
        </button>
      )}
    </div>
  );
}

interface FileTabProps {
  readonly path: string;
  readonly index: number;
}

const idOf = (index: number): string => `file-tab-${index}`;

/** In a list of tabs can be nothing but tabs: it owns them, and not the buttons beside them. */
function TabList({ paths }: { readonly paths: readonly string[] }) {
  const owned = paths.flatMap((path, index) => (isNaming("file", path) ? [] : idOf(index)));
  if (owned.length === 0) return null;
  return <span role="tablist" aria-label="Files" aria-owns={owned.join(" ")} />;
}

function FileTab({ path, index }: FileTabProps) {
  const isMain = index === 0;
  const isShown = activePath.value === path;
  const tab = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (isShown) tab.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [isShown]);
  if (isNaming("file", path)) return <FileName of={{ kind: "file", path }} />;
  return (
    <span ref={tab} class={`tab${isShown ? " shown" : ""}`} role="presentation">
      <button
        type="button"
        role="tab"
        id={idOf(index)}
        aria-selected={isShown}
        aria-controls="editor-panel"
        tabIndex={isShown ? 0 : -1}
        // The two parts of it would be read as two words.
        aria-label={path}
        title={isMain ? `${path}: this file is run` : path}
        onClick={() => (activePath.value = path)}
        onDblClick={() => (naming.value = { kind: "file", path })}
        onKeyDown={(event) => {
          if (event.key === "F2") naming.value = { kind: "file", path };
          if (event.key === "Delete") removeWithUndo([path]);
        }}
      >
        {isMain && <Icon name="play" />}
        <FilePath path={path} />
      </button>
      {isShown && <FileActions path={path} isMain={isMain} />}
    </span>
  );
}

function FileActions({ path, isMain }: { readonly path: string; readonly isMain: boolean }) {
  const isOnly = filePaths.value.length === 1;
  return (
    <>
      {!isMain && (
        <button
          type="button"
          class="quiet"
          title={`Run ${path} instead`}
          aria-label={`Run ${path} instead`}
          onClick={() => makeMain(path)}
        >
          <Icon name="play" />
        </button>
      )}
      {!isOnly && (
        <button
          type="button"
          class="quiet"
          title={`Remove ${path}`}
          aria-label={`Remove ${path}`}
          onClick={() => removeWithUndo([path])}
        >
          <Icon name="close" />
        </button>
      )}
    </>
  );
}

/** The folder is dim: there is less to read. */
function FilePath({ path }: { readonly path: string }) {
  const at = path.lastIndexOf("/") + 1;
  return (
    <span class="file-path">
      <span class="folders">{path.slice(0, at)}</span>
      {path.slice(at)}
    </span>
  );
}

/** Where a file gets its name, or another one. */
function FileName({ of }: { readonly of: Naming }) {
  const from = of.kind === "new" ? undefined : of.path;
  return (
    <NameField
      of={of}
      check={(name) => {
        return nameProblem(
          name,
          filePaths.peek().filter((path) => path !== from),
        );
      }}
      take={(name) => {
        if (from === undefined) addFiles([{ path: name, content: "", encoding: "utf8" }]);
        else renameFile(from, name);
        focusEditor();
      }}
    />
  );
}

function moveByArrows(event: KeyboardEvent): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined || naming.peek() !== undefined) return;
  const paths = filePaths.peek();
  const next = paths[(paths.indexOf(activePath.peek()) + step + paths.length) % paths.length];
  if (next === undefined) return;
  event.preventDefault();
  activePath.value = next;
  const list = event.currentTarget as HTMLElement;
  requestAnimationFrame(() => list.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
}
