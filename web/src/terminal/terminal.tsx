/**
 * @module
 * A terminal for the program: it reads what is typed, moves the cursor, and knows its size.
 */
import { effect } from "@preact/signals";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal as Xterm } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useRef } from "preact/hooks";
import { isOver, type Run } from "../run/run.ts";
import { settings, shownTheme } from "../state/settings.ts";
import { pageNonce } from "../ui/nonce.ts";
import { giveNonce, takeStyleProperties } from "./document-with-nonce.ts";
import { terminalTheme } from "./terminal-theme.ts";

// This module is loaded with the first terminal, and once.
giveNonce(document, pageNonce);
takeStyleProperties();

/** WCAG 1.4.3, for text. */
const ENOUGH_CONTRAST = 4.5;

export function Terminal({ run }: { readonly run: Run }) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => (element.current === null ? undefined : start(element.current, run)), []);
  return <div class="terminal" ref={element} />;
}

function start(parent: HTMLElement, run: Run): () => void {
  const { terminal, fit } = open(parent);
  const resize = (): void => {
    fit.fit();
    const { columns, rows } = run.terminalSize.peek() ?? {};
    if (columns === terminal.cols && rows === terminal.rows) return;
    run.terminalSize.value = { columns: terminal.cols, rows: terminal.rows };
  };
  const observer = new ResizeObserver(resize);
  observer.observe(parent);
  const typed = terminal.onData((data) => void write(run, data));
  const inserted = takeInserted(terminal);
  const binary = terminal.onBinary((data) => {
    void write(
      run,
      Uint8Array.from(data, (character) => character.charCodeAt(0)),
    );
  });
  const ends = [
    run.output.read({
      add: ({ text }) => {
        terminal.write(text);
      },
      clear: () => {
        terminal.reset();
      },
    }),
    effect(() => {
      const size = run.terminalSize.value;
      if (size !== undefined) run.attachment.value?.resize(size);
    }),
    effect(() => {
      terminal.options.fontSize = settings.value.fontSizePx;
      resize();
    }),
    shownTheme.subscribe(() => {
      // The document has its colours behind this.
      queueMicrotask(() => (terminal.options.theme = terminalTheme(parent)));
    }),
    effect(() => {
      if (isOver(run.state.value)) terminal.options.disableStdin = true;
    }),
  ];
  terminal.focus();
  return () => {
    for (const end of ends) end();
    observer.disconnect();
    typed.dispose();
    binary.dispose();
    inserted();
    terminal.dispose();
  };
}

/** What it may do is what a program may do to the page. */
function open(parent: HTMLElement): { readonly terminal: Xterm; readonly fit: FitAddon } {
  const terminal = new Xterm({
    fontFamily: getComputedStyle(parent).getPropertyValue("--code-font"),
    fontSize: settings.peek().fontSizePx,
    theme: terminalTheme(parent),
    // A program chooses both colours, for a terminal with others.
    minimumContrastRatio: ENOUGH_CONTRAST,
    // A program must not change the page's title, or learn what was typed elsewhere.
    windowOptions: {},
    screenReaderMode: true,
    scrollback: 5000,
  });
  // Links (OSC 8): text that says anything would lead anywhere, and ask in a dialog of the browser.
  terminal.parser.registerOscHandler(8, () => true);
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(parent);
  return { terminal, fit };
}

/**
 * Text without keys, of emoji menus and speech: the terminal leaves it out where screen readers read it.
 *
 * @returns Ends it.
 */
function takeInserted(terminal: Xterm): () => void {
  const { textarea } = terminal;
  let isKeyDown = false;
  const onKey = ({ type }: Event): void => {
    isKeyDown = type === "keydown";
  };
  const onInput = (event: Event): void => {
    const { inputType, data, isComposing } = event as InputEvent;
    if (!isKeyDown && !isComposing && inputType === "insertText") terminal.input(data ?? "");
  };
  textarea?.addEventListener("keydown", onKey, { capture: true });
  textarea?.addEventListener("keyup", onKey, { capture: true });
  textarea?.addEventListener("input", onInput);
  return () => {
    textarea?.removeEventListener("keydown", onKey, { capture: true });
    textarea?.removeEventListener("keyup", onKey, { capture: true });
    textarea?.removeEventListener("input", onInput);
  };
}

async function write(run: Run, data: string | Uint8Array): Promise<void> {
  await run.attachment.peek()?.write(data);
}
