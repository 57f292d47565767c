/**
 * @module
 * The program's files as tabs: which one is shown, run, renamed, removed.
 */
import { signal } from "@preact/signals";
import { nameProblem } from "../state/file-names.ts";
import {
  activePath,
  addFiles,
  makeMain,
  project,
  removeFile,
  renameFile,
} from "../state/project.ts";
import type { ProjectFile } from "../state/project-values.ts";
import { Icon } from "../ui/icons.tsx";
import { focusEditor } from "./editor-pane.tsx";

/** Of the file whose name is being typed; empty for one that is not there yet. */
const naming = signal<string | undefined>(undefined);

export function FileTabs() {
  const { files } = project.value;
  return (
    <div class="file-tabs">
      <div class="tabs" onKeyDown={moveByArrows}>
        <TabList files={files} />
        {files.map((file, index) => (
          <FileTab key={file.path} file={file} index={index} />
        ))}
      </div>
      {naming.value === "" ? (
        <NameField from="" />
      ) : (
        <button type="button" class="quiet" title="New file" onClick={() => (naming.value = "")}>
          <Icon name="plus" />
          <span class="only-read">New file</span>
        </button>
      )}
    </div>
  );
}

interface FileTabProps {
  readonly file: ProjectFile;
  readonly index: number;
}

const idOf = (index: number): string => `file-tab-${index}`;

/** In a list of tabs can be nothing but tabs: it owns them, and not the buttons beside them. */
function TabList({ files }: { readonly files: readonly ProjectFile[] }) {
  const owned = files.flatMap(({ path }, index) => (naming.value === path ? [] : idOf(index)));
  if (owned.length === 0) return null;
  return <span role="tablist" aria-label="Files" aria-owns={owned.join(" ")} />;
}

function FileTab({ file: { path }, index }: FileTabProps) {
  const isMain = index === 0;
  const isShown = activePath.value === path;
  if (naming.value === path) return <NameField from={path} />;
  return (
    <span class={`tab${isShown ? " shown" : ""}`} role="presentation">
      <button
        type="button"
        role="tab"
        id={idOf(index)}
        aria-selected={isShown}
        aria-controls="editor-panel"
        tabIndex={isShown ? 0 : -1}
        title={isMain ? `${path}: this file is run` : path}
        onClick={() => (activePath.value = path)}
        onDblClick={() => (naming.value = path)}
        onKeyDown={(event) => {
          if (event.key === "F2") naming.value = path;
          if (event.key === "Delete") removeFile(path);
        }}
      >
        {isMain && <Icon name="play" />}
        {path}
      </button>
      {isShown && <FileActions path={path} isMain={isMain} />}
    </span>
  );
}

function FileActions({ path, isMain }: { readonly path: string; readonly isMain: boolean }) {
  const isOnly = project.value.files.length === 1;
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
          onClick={() => removeFile(path)}
        >
          <Icon name="close" />
        </button>
      )}
    </>
  );
}

const problem = signal("");

function NameField({ from }: { readonly from: string }) {
  const label = from === "" ? "Name of the new file" : `New name of ${from}`;
  return (
    <form
      class="name-field"
      onSubmit={(event) => {
        event.preventDefault();
        const typed = new FormData(event.currentTarget).get("name");
        if (typeof typed === "string") takeName(from, typed.trim());
      }}
    >
      <input
        name="name"
        aria-label={label}
        placeholder="folder/name.ext"
        defaultValue={from}
        autocomplete="off"
        spellcheck={false}
        ref={focusAtFirst}
        onKeyDown={({ key }) => {
          if (key === "Escape") endNaming();
        }}
        onBlur={endNaming}
        aria-invalid={problem.value !== ""}
        aria-describedby="name-problem"
      />
      <span id="name-problem" class="problem" role="alert">
        {problem.value}
      </span>
    </form>
  );
}

function focusAtFirst(input: HTMLInputElement | null): void {
  if (input === null || document.activeElement === input) return;
  input.focus();
  input.select();
}

function endNaming(): void {
  naming.value = undefined;
  problem.value = "";
}

function takeName(from: string, to: string): void {
  if (to === from) {
    endNaming();
    return;
  }
  const others = project.peek().files.flatMap(({ path }) => (path === from ? [] : [path]));
  const found = nameProblem(to, others);
  if (found !== undefined) {
    problem.value = found;
    return;
  }
  if (from === "") addFiles([{ path: to, content: "", encoding: "utf8" }]);
  else renameFile(from, to);
  endNaming();
  focusEditor();
}

function moveByArrows(event: KeyboardEvent): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined || naming.peek() !== undefined) return;
  const { files } = project.peek();
  const at = files.findIndex(({ path }) => path === activePath.peek());
  const next = files[(at + step + files.length) % files.length];
  if (next === undefined) return;
  event.preventDefault();
  activePath.value = next.path;
  const list = event.currentTarget as HTMLElement;
  requestAnimationFrame(() => list.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
}
