/**
 * @module
 * Earlier lines, kept in a file of the user's: JSON strings, a line each.
 */
import {
  appendFileSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

export interface History {
  /** The latest is the last. */
  readonly lines: string[];
  /** What begins with a space is not kept, nor is what was the last one already. */
  readonly add: (line: string) => void;
}

const maxLines = 5000;
const maxFileBytes = 4 * 1024 * 1024;

/** @param file Undefined: nothing outlives this shell. What can't be read or written is none. */
export function openHistory(file: string | undefined): History {
  const { lines, isWhole } = file === undefined ? nothingKept() : readLines(file);
  if (file !== undefined && (lines.length > maxLines || !isWhole)) {
    lines.splice(0, Math.max(0, lines.length - maxLines));
    rewrite(file, lines);
  }
  return {
    lines,
    add: (line) => {
      if (line.trim() === "" || line.startsWith(" ") || line === lines.at(-1)) return;
      lines.push(line);
      if (file !== undefined) append(file, line);
    },
  };
}

/**
 * The latest line before a place that has a text in it, whatever their case.
 *
 * @param before Index in `lines`; that line is not looked at.
 * @returns Its index, or -1.
 */
export function searchHistory(lines: readonly string[], text: string, before: number): number {
  const wanted = text.toLowerCase();
  for (let index = Math.min(before, lines.length) - 1; index >= 0; index -= 1) {
    if ((lines[index] ?? "").toLowerCase().includes(wanted)) return index;
  }
  return -1;
}

interface Kept {
  readonly lines: string[];
  /** There were more bytes than are read: these are the latest. */
  readonly isWhole: boolean;
}

const nothingKept = (): Kept => ({ lines: [], isWhole: true });

function readLines(file: string): Kept {
  let fd: number | undefined;
  try {
    // Not what somebody put there instead: a pipe would keep us waiting.
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    if (!stat.isFile()) return nothingKept();
    const bytes = Buffer.alloc(Math.min(stat.size, maxFileBytes));
    const length = readSync(fd, bytes, 0, bytes.length, stat.size - bytes.length);
    // Of a line that begins before them there is only an end, which is no JSON.
    const lines = bytes.toString("utf8", 0, length).split("\n").flatMap(lineOf);
    return { lines, isWhole: stat.size <= maxFileBytes };
  } catch {
    return nothingKept();
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function lineOf(text: string): readonly string[] {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === "string" ? [line] : [];
  } catch {
    return [];
  }
}

function append(file: string, line: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    appendFileSync(file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  } catch {
    // A full disk, or no place for it: this shell still has it.
  }
}

/** Written beside and renamed: another shell that reads it sees a whole one. */
function rewrite(file: string, lines: readonly string[]): void {
  try {
    const temporary = `${file}.${process.pid}`;
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    writeFileSync(temporary, text, { flag: "wx", mode: 0o600 });
    renameSync(temporary, file);
  } catch {
    // The next shell tries again.
  }
}
