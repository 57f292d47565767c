/**
 * @module
 * The editor on the page.
 */
import { effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { languages } from "../state/server.ts";
import { activeFile, activePath, changeContent, project } from "../state/project.ts";
import { settings } from "../state/settings.ts";
import { pageNonce } from "../ui/nonce.ts";
import { formatBytes } from "../run/describe-end.ts";
import type { SourcePlace } from "../output/source-places.ts";
import { createEditor, type Editor } from "./create-editor.ts";

const editor = signal<Editor | undefined>(undefined);

/** Shows a line of a file. */
export function goToPlace({ path, line, column }: SourcePlace): void {
  activePath.value = path;
  editor.peek()?.goTo(line, column);
}

export const focusEditor = (): void => editor.peek()?.focus();

export function EditorPane() {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => startEditor(element.current), []);
  const file = activeFile.value;
  const isBinary = file?.encoding === "base64";
  return (
    <div class="editor-pane" role="tabpanel" id="editor-panel" aria-label={file?.path}>
      <div class="editor" ref={element} hidden={isBinary} />
      {isBinary && (
        <p class="binary">
          {file.path} is no text: {formatBytes((file.content.length / 4) * 3)}. It goes to the
          program as it is.
        </p>
      )}
    </div>
  );
}

function startEditor(parent: HTMLElement | null): () => void {
  if (parent === null) return () => undefined;
  let shownKey = "";
  /** What the editor itself said last: it must not be told. */
  let own: { path: string; content: string } | undefined;
  const created = createEditor({
    parent,
    nonce: pageNonce,
    onChange: (path, content) => {
      own = { path, content };
      changeContent(path, content);
    },
  });
  editor.value = created;
  const ends = [
    effect(() => {
      const file = activeFile.value;
      const highlight = languages.value.find(({ id }) => id === project.value.language)?.highlight;
      if (file === undefined || file.encoding === "base64") return;
      const key = `${file.path}\n${highlight ?? ""}`;
      if (own?.path === file.path && own.content === file.content && key === shownKey) return;
      shownKey = key;
      own = { path: file.path, content: file.content };
      created.open(file, highlight ?? null);
    }),
    effect(() => {
      created.keepOnly(project.value.files.map(({ path }) => path));
    }),
    effect(() => {
      void created.useKeymap(settings.value.keymap);
    }),
  ];
  return () => {
    for (const end of ends) end();
    created.destroy();
    editor.value = undefined;
  };
}
