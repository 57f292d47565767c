/**
 * @module
 * What a pull or a build does, on a terminal as one line that changes, elsewhere as a line now and
 * then.
 */
import type { ImageProgress } from "../core/image.ts";
import { escapeControls } from "./escape-controls.ts";

export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressDisplay {
  show(image: string, progress: ImageProgress): void;
  /** Clears the line, for other output; the next `show` begins a new one. */
  clear(): void;
}

/** Of `show` calls: more often than this nobody can read it, or wants it in a log. */
const TTY_INTERVAL_MS = 100;
const LOG_INTERVAL_MS = 5000;
const BAR_CHARS = 24;

/** @param now In ms, of any clock that goes on. */
export function openProgress(
  output: ProgressOutput,
  now: () => number = () => performance.now(),
): ProgressDisplay {
  const isTerminal = output.isTTY === true;
  const interval = isTerminal ? TTY_INTERVAL_MS : LOG_INTERVAL_MS;
  let image = "";
  let total = newTotal();
  let nextAt = -Infinity;
  let isLineOpen = false;
  return {
    show: (name, progress) => {
      if (name !== image) {
        image = name;
        total = newTotal();
        nextAt = -Infinity;
      }
      total.add(progress);
      if (now() < nextAt) return;
      nextAt = now() + interval;
      const line = oneLine(`${image}  ${total.text(isTerminal)}`);
      if (!isTerminal) {
        output.write(`glovebox: ${line}\n`);
        return;
      }
      isLineOpen = true;
      output.write(`\r\x1b[K${line.slice(0, Math.max((output.columns ?? 80) - 1, 0))}`);
    },
    clear: () => {
      image = "";
      if (isLineOpen) output.write("\r\x1b[K");
      isLineOpen = false;
    },
  };
}

interface Total {
  add(progress: ImageProgress): void;
  text(withBar: boolean): string;
}

/** Bytes of all layers together. What the engine counts while it unpacks them is not added. */
function newTotal(): Total {
  const layers = new Map<string, { done: number; total: number }>();
  let latest = "";
  return {
    add: ({ text, layer, doneBytes, totalBytes }) => {
      if (text !== "") latest = text;
      if (layer === undefined) return;
      const known = layers.get(layer);
      if (/^downloading/i.test(text) && doneBytes !== undefined && totalBytes !== undefined) {
        layers.set(layer, { done: Math.min(doneBytes, totalBytes), total: totalBytes });
      } else if (known !== undefined && !/^(downloading|retrying|waiting)/i.test(text)) {
        // Complete, verified, or being unpacked.
        known.done = known.total;
      }
    },
    text: (withBar) => {
      const sum = { done: 0, total: 0 };
      for (const { done, total } of layers.values()) {
        sum.done += done;
        sum.total += total;
      }
      if (sum.total === 0) return latest;
      const bytes = `${formatBytes(sum.done)} of ${formatBytes(sum.total)}`;
      const words = sum.done < sum.total ? bytes : `${bytes}  ${latest}`;
      return withBar ? `${bar(sum.done / sum.total)}  ${words}` : words;
    },
  };
}

function bar(ratio: number): string {
  const full = Math.floor(ratio * BAR_CHARS);
  const percent = `${Math.floor(ratio * 100)}%`.padStart(4);
  return `[${"#".repeat(full)}${"-".repeat(BAR_CHARS - full)}] ${percent}`;
}

/** As docker shows sizes: `74.8 MB`, powers of 1000. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e3).toFixed(1)} kB`;
}

/** The engine's words come from a registry or a build: they must not move the cursor. */
function oneLine(text: string): string {
  return escapeControls(text.replace(/\s+/g, (space) => (space === "  " ? space : " ")));
}
