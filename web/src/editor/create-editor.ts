/**
 * @module
 * The editor: one view, and for each file a state of its own with its own history.
 */
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  rectangularSelection,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import type { Keymap } from "../state/settings.ts";
import { loadKeymap } from "./keymaps.ts";
import { loadLanguage } from "./load-language.ts";

export interface EditorFile {
  readonly path: string;
  readonly content: string;
}

export interface EditorOptions {
  readonly parent: HTMLElement;
  /** Of this answer of the server: styles without it are refused. */
  readonly nonce: string;
  readonly onChange: (path: string, content: string) => void;
}

export interface Editor {
  /** Shows a file; what was typed in it before is still there to be undone. */
  readonly open: (file: EditorFile, highlight: string | null) => void;
  readonly useKeymap: (keymap: Keymap) => Promise<void>;
  readonly goTo: (line: number, column?: number) => void;
  readonly focus: () => void;
  /** Forgets the states of files that are no more. */
  readonly keepOnly: (paths: readonly string[]) => void;
  readonly destroy: () => void;
}

export function createEditor({ parent, nonce, onChange }: EditorOptions): Editor {
  const states = new Map<string, EditorState>();
  const keys = new Compartment();
  const language = new Compartment();
  let shownPath = "";
  const isShown = (path: string): boolean => path === shownPath;
  let keysExtension: Extension = [];
  const listener = EditorView.updateListener.of(({ docChanged, state }) => {
    if (docChanged) onChange(shownPath, state.doc.toString());
  });
  const view = new EditorView({ parent, extensions: basics(nonce) });
  const stateOf = (file: EditorFile): EditorState =>
    EditorState.create({
      doc: file.content,
      extensions: [
        keys.of(keysExtension),
        basics(nonce),
        language.of([]),
        listener,
        // Whoever can't use a mouse scrolls it by being in it.
        EditorView.contentAttributes.of({ "aria-label": `Code of ${file.path}`, tabindex: "0" }),
      ],
    });
  return {
    open: (file, highlight) => {
      if (shownPath !== "") states.set(shownPath, view.state);
      const before = states.get(file.path);
      const isSame = before?.doc.toString() === file.content;
      shownPath = file.path;
      view.setState(isSame ? before : stateOf(file));
      view.dispatch({ effects: keys.reconfigure(keysExtension) });
      void loadLanguage(file.path, highlight).then((extension) => {
        if (isShown(file.path)) view.dispatch({ effects: language.reconfigure(extension) });
      });
    },
    useKeymap: async (name) => {
      keysExtension = await loadKeymap(name);
      view.dispatch({ effects: keys.reconfigure(keysExtension) });
    },
    goTo: (line, column = 1) => {
      const { doc } = view.state;
      const { from, length } = doc.line(Math.min(Math.max(line, 1), doc.lines));
      const anchor = from + Math.min(Math.max(column - 1, 0), length);
      view.dispatch({
        selection: { anchor },
        effects: EditorView.scrollIntoView(anchor, { y: "center" }),
      });
      view.focus();
    },
    focus: () => {
      view.focus();
    },
    keepOnly: (paths) => {
      for (const path of states.keys()) if (!paths.includes(path)) states.delete(path);
    },
    destroy: () => {
      view.destroy();
    },
  };
}

function basics(nonce: string): Extension {
  return [
    EditorView.cspNonce.of(nonce),
    lineNumbers(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    history(),
    foldGutter(),
    drawSelection(),
    dropCursor(),
    EditorState.allowMultipleSelections.of(true),
    indentOnInput(),
    indentUnit.of("    "),
    // Colours are the theme's, see theme.css.
    syntaxHighlighting(classHighlighter, { fallback: true }),
    bracketMatching(),
    closeBrackets(),
    autocompletion(),
    rectangularSelection(),
    crosshairCursor(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    keymap.of([
      ...closeBracketsKeymap,
      // `Mod-Enter` runs, `Escape` stops.
      ...defaultKeymap.filter(({ key }) => key !== "Mod-Enter"),
      ...searchKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...completionKeymap,
      indentWithTab,
    ]),
  ];
}
