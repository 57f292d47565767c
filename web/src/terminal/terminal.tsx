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
import { settings } from "../state/settings.ts";
import { pageNonce } from "../ui/nonce.ts";
import { giveNonce, withStyleProperties } from "./document-with-nonce.ts";
import { terminalTheme } from "./terminal-theme.ts";

// This module is loaded with the first terminal, and once.
giveNonce(document, pageNonce);

export function Terminal({ run }: { readonly run: Run }) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => (element.current === null ? undefined : start(element.current, run)), []);
  return <div class="terminal" ref={element} />;
}

function start(parent: HTMLElement, run: Run): () => void {
  const terminal = new Xterm({
    fontFamily: getComputedStyle(parent).getPropertyValue("--code-font"),
    fontSize: settings.peek().fontSizePx,
    theme: terminalTheme(parent),
    // A program must not change the page's title, open windows, or learn what was typed elsewhere.
    windowOptions: {},
    linkHandler: null,
    documentOverride: withStyleProperties(document),
    screenReaderMode: true,
    scrollback: 5000,
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(parent);
  const resize = (): void => {
    fit.fit();
    const { columns, rows } = run.terminalSize.peek() ?? {};
    if (columns === terminal.cols && rows === terminal.rows) return;
    run.terminalSize.value = { columns: terminal.cols, rows: terminal.rows };
  };
  const observer = new ResizeObserver(resize);
  observer.observe(parent);
  const typed = terminal.onData((data) => void write(run, data));
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
      if (isOver(run.state.value)) terminal.options.disableStdin = true;
    }),
  ];
  resize();
  terminal.focus();
  return () => {
    for (const end of ends) end();
    observer.disconnect();
    typed.dispose();
    binary.dispose();
    terminal.dispose();
  };
}

async function write(run: Run, data: string | Uint8Array): Promise<void> {
  await run.attachment.peek()?.write(data);
}
