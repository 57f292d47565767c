/**
 * @module
 * The page's colours for a terminal.
 */
import type { ITheme } from "@xterm/xterm";

const names = [
  "black",
  "red",
  "green",
  "yellow",
  "blue",
  "magenta",
  "cyan",
  "white",
  "brightBlack",
  "brightRed",
  "brightGreen",
  "brightYellow",
  "brightBlue",
  "brightMagenta",
  "brightCyan",
  "brightWhite",
] as const;

export function terminalTheme(element: HTMLElement): ITheme {
  const style = getComputedStyle(element);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  const palette = names.map((name, index) => [name, of(`--ansi-${index}`)] as const);
  return {
    background: of("--pane"),
    foreground: of("--text"),
    cursor: of("--accent"),
    selectionBackground: of("--selection"),
    ...Object.fromEntries(palette),
    black: of("--terminal-black"),
  };
}
