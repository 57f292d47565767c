/**
 * @module
 * What became of a text, for people: the lines between those that are the same at its beginning and at
 * its end. Not the shortest way from one to the other, but a true one.
 */
import { closeSync, fstatSync, readSync } from "node:fs";
import { isUtf8 } from "node:buffer";
import { openFile } from "./compare.ts";
import { showLine } from "./show-path.ts";

const MAX_BYTES = 256 * 1024;
const CONTEXT_LINES = 3;
const MAX_SHOWN_LINES = 60;
const MAX_LINE_LENGTH = 200;

/** @param paths Absent: nothing is there. */
export function textDiff(
  before: string | Buffer | undefined,
  after: string | Buffer | undefined,
): readonly string[] {
  const [old, young] = [before, after].map(readText);
  if (old === undefined || young === undefined) return ["(no text, or too long to be shown)"];
  const [left, right] = [linesOf(old), linesOf(young)];
  const shorter = Math.min(left.length, right.length);
  let head = 0;
  while (head < shorter && left[head] === right[head]) head++;
  let tail = 0;
  while (tail < shorter - head && left.at(-1 - tail) === right.at(-1 - tail)) tail++;
  const from = Math.max(head - CONTEXT_LINES, 0);
  const mark = (sign: string, lines: readonly string[]): readonly string[] =>
    lines.map((line) => `${sign}${showLine(line).slice(0, MAX_LINE_LENGTH)}`);
  return [
    `@@ line ${head + 1} @@`,
    ...mark(" ", left.slice(from, head)),
    ...cut(mark("-", left.slice(head, left.length - tail))),
    ...cut(mark("+", right.slice(head, right.length - tail))),
    ...mark(" ", left.slice(left.length - tail).slice(0, CONTEXT_LINES)),
  ];
}

function cut(lines: readonly string[]): readonly string[] {
  if (lines.length <= MAX_SHOWN_LINES) return lines;
  return [...lines.slice(0, MAX_SHOWN_LINES), `… and ${lines.length - MAX_SHOWN_LINES} more lines`];
}

const linesOf = (text: string): readonly string[] => {
  const lines = text.split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
};

function readText(path: string | Buffer | undefined): string | undefined {
  if (path === undefined) return "";
  let fd: number | undefined;
  try {
    fd = openFile(path);
    const { size } = fstatSync(fd);
    if (size > MAX_BYTES) return undefined;
    const bytes = Buffer.alloc(size);
    const got = readSync(fd, bytes, 0, size, 0);
    const text = bytes.subarray(0, got);
    return isUtf8(text) && !text.includes(0) ? text.toString() : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
