/**
 * @module
 * Redirections: from what a command would read and write to what it does.
 */
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import type { Readable, Writable } from "node:stream";
import type { Redirect, Redirection, Word, WordPart } from "unbash";
import { invalidRequest, type GloveboxError } from "../core/errors.ts";
import { expandDocument, expandText, expandWords, type Expansion } from "./expand-word.ts";
import type { Reach } from "./host.ts";
import { nothing, textInput, type Input, type Streams } from "./streams.ts";
import { openWorkspaceFile, type OpenMode } from "./workspace-files.ts";

export interface Redirected {
  readonly streams: Streams;
  /**
   * Resolves when all that was written is in its files; what was to be read is closed.
   *
   * @throws where it is not.
   */
  readonly close: () => Promise<void>;
}

type Slot =
  | { readonly kind: "input"; readonly input: Input }
  | { readonly kind: "output"; readonly output: Writable };

interface Table {
  readonly slots: Map<number, Slot>;
  readonly files: Writable[];
  /** Nobody need have read them to their end. */
  readonly inputs: Readable[];
  readonly expansion: Expansion;
  readonly reach: Reach;
}

/** @throws {GloveboxError} `INVALID_REQUEST`; nothing is open then. */
export async function redirect(
  redirections: readonly Redirection[],
  streams: Streams,
  { expansion, reach }: { readonly expansion: Expansion; readonly reach: Reach },
): Promise<Redirected> {
  const table: Table = {
    slots: new Map<number, Slot>([
      [0, { kind: "input", input: streams.stdin }],
      [1, { kind: "output", output: streams.stdout }],
      [2, { kind: "output", output: streams.stderr }],
    ]),
    ...{ files: [], inputs: [] },
    ...{ expansion, reach },
  };
  const close = async (): Promise<void> => {
    await Promise.all(table.inputs.map(closeInput));
    await Promise.all(table.files.map(closeFile));
  };
  try {
    for (const each of redirections) await apply(each, table);
  } catch (error) {
    await close();
    throw error;
  }
  return { streams: { ...streams, ...streamsOf(table) }, close };
}

async function closeInput(input: Readable): Promise<void> {
  if (input.closed) return;
  input.destroy();
  await once(input, "close").catch(() => undefined);
}

async function closeFile(file: Writable): Promise<void> {
  if (file.destroyed) throw file.errored ?? new Error("the file was closed");
  file.end();
  await finished(file, { readable: false });
}

function streamsOf({ slots }: Table): Streams {
  const [stdin, stdout, stderr] = [slots.get(0), slots.get(1), slots.get(2)];
  return {
    stdin: stdin?.kind === "input" ? stdin.input : "empty",
    stdout: stdout?.kind === "output" ? stdout.output : nothing(),
    stderr: stderr?.kind === "output" ? stderr.output : nothing(),
  };
}

async function apply(each: Redirection, table: Table): Promise<void> {
  const { descriptor } = each;
  if (descriptor?.type === "FileDescriptorVariable") {
    throw notUnderstood(`{${descriptor.name}}${each.operator}`);
  }
  const fd = descriptor?.value;
  if (each.type === "HereString") {
    if (each.target === undefined) throw notUnderstood("<<<");
    const text = `${await expandText(each.target, table.expansion)}\n`;
    table.slots.set(fd ?? 0, { kind: "input", input: textInput(text) });
  } else if (each.type === "HereDoc") {
    const { body, delimiter } = each;
    const text =
      delimiter?.quoted === true || body.parts === undefined
        ? withoutTabs(body.text, each.operator)
        : await expandDocument(partsOf(body.parts, each.operator), table.expansion);
    table.slots.set(fd ?? 0, { kind: "input", input: textInput(text) });
  } else await applyFile(each, fd, table);
}

const withoutTabs = (text: string, operator: "<<" | "<<-"): string =>
  operator === "<<-" ? text.replaceAll(/^\t+/gm, "") : text;

/** What a variable brings keeps its tabs. */
function partsOf(parts: readonly WordPart[], operator: "<<" | "<<-"): readonly WordPart[] {
  if (operator === "<<") return parts;
  return parts.map((part, index) => {
    if (part.type !== "Literal") return part;
    const value = part.value.replaceAll(/\n\t+/g, "\n");
    return { ...part, value: index === 0 ? value.replace(/^\t+/, "") : value };
  });
}

async function applyFile(
  { operator, target }: Redirect,
  fd: number | undefined,
  table: Table,
): Promise<void> {
  if (target === undefined || operator === "<>") throw notUnderstood(operator);
  const name = await oneWord(target, table.expansion);
  if (operator === "<&" || operator === ">&") {
    const isCopy = /^(\d+|-)$/.test(name);
    if (isCopy) {
      copy(name, fd ?? (operator === "<&" ? 0 : 1), table);
      return;
    }
    if (operator === "<&" || fd !== undefined) throw notUnderstood(`${operator}${name}`);
  }
  if (operator === "<") {
    table.slots.set(fd ?? 0, { kind: "input", input: openInput(name, table) });
    return;
  }
  const isBoth = operator === "&>" || operator === "&>>" || operator === ">&";
  const output = openOutput(name, operator.endsWith(">>") ? "append" : "write", table);
  table.slots.set(isBoth ? 1 : (fd ?? 1), { kind: "output", output });
  if (isBoth) table.slots.set(2, { kind: "output", output });
}

function copy(name: string, fd: number, { slots }: Table): void {
  if (name === "-") {
    slots.delete(fd);
    return;
  }
  const from = slots.get(Number(name));
  if (from === undefined) throw invalidRequest(`\`${fd}>&${name}\``, `no file is open as ${name}.`);
  slots.set(fd, from);
}

async function oneWord(target: Word, expansion: Expansion): Promise<string> {
  const words = await expandWords([target], expansion);
  const [word] = words;
  if (word !== undefined && words.length === 1) return word;
  throw invalidRequest(`\`${target.text}\``, `stands for ${words.length} files; one is needed.`);
}

function openInput(name: string, table: Table): Input {
  if (name === "/dev/null") return "empty";
  const own = table.slots.get(0);
  if (name === "/dev/stdin" && own?.kind === "input") return own.input;
  const fd = openWorkspaceFile(name, "read", placeOf(table));
  const input = createReadStream("", { fd, highWaterMark: 256 * 1024 });
  table.inputs.push(input);
  return input;
}

function openOutput(name: string, mode: OpenMode, table: Table): Writable {
  if (name === "/dev/null") return nothing();
  const fd = name === "/dev/stdout" ? 1 : name === "/dev/stderr" ? 2 : undefined;
  const own = fd === undefined ? undefined : table.slots.get(fd);
  if (own?.kind === "output") return own.output;
  const file = createWriteStream("", { fd: openWorkspaceFile(name, mode, placeOf(table)) });
  // A full disk is told when it is closed; without a listener it would end this process.
  file.on("error", () => undefined);
  table.files.push(file);
  return file;
}

const placeOf = ({ reach, expansion }: Table) => ({ reach, folder: expansion.state.folder });

const notUnderstood = (text: string): GloveboxError<"INVALID_REQUEST"> =>
  invalidRequest(`\`${text}\``, "is not understood here. Write the whole command for `bash -c`.");
