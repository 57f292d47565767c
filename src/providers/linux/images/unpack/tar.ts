/**
 * @module
 * Reads a tar as it comes: ustar, with the long names of pax and of GNU. Runs inside a sandbox for layers,
 * and on the host for an archive with a layout.
 *
 * Names are byte strings (latin1): a file system takes any byte but `/` and NUL.
 */

export type TarKind = "file" | "folder" | "symlink" | "hardlink" | "special";

export interface TarEntry {
  readonly kind: TarKind;
  readonly path: string;
  /** Of links; else empty. */
  readonly target: string;
  /** Permission bits, without set-user-ID and the like. */
  readonly mode: number;
  /** In seconds. */
  readonly modifiedAt: number;
  /** Of its content, in bytes. */
  readonly size: number;
}

const BLOCK = 512;
/** Of what pax and GNU say about one entry. */
const MAX_EXTRA_BYTES = 1024 * 1024;

const kinds: Readonly<Record<string, TarKind>> = {
  "\0": "file",
  "0": "file",
  "7": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "special",
  "4": "special",
  "5": "folder",
  "6": "special",
};

/** What headers before an entry say about it. */
interface Extra {
  readonly path?: string;
  readonly linkpath?: string;
  readonly size?: string;
  readonly mtime?: string;
}

/**
 * Calls `onEntry` for each entry in order.
 *
 * @param onEntry Gets the content of a file in pieces; what it does not read is skipped.
 * @throws {Error} For what is no tar, ends early, or needs what is not known here (sparse files).
 */
export async function readTar(
  chunks: AsyncIterable<Buffer>,
  onEntry: (entry: TarEntry, content: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const input = new Input(chunks);
  let extra: Extra = {};
  for (;;) {
    const header = await input.take(BLOCK);
    if (header === undefined || header.every((byte) => byte === 0)) break;
    checkSum(header);
    const type = String.fromCharCode(header[156] ?? 0);
    if ("xgLK".includes(type)) {
      extra = { ...extra, ...(await readExtra(input, type, header)) };
      continue;
    }
    const entry = entryOf(type, header, extra);
    extra = {};
    const content = input.body(entry.size);
    await onEntry(entry, content);
    await skip(content);
    await input.padding(entry.size);
  }
  // What follows the end is read too: who writes into a pipe waits for that.
  await input.drain();
}

async function skip(content: AsyncIterable<Buffer>): Promise<void> {
  const rest = content[Symbol.asyncIterator]();
  while ((await rest.next()).done !== true);
}

function entryOf(type: string, header: Buffer, extra: Extra): TarEntry {
  const kind = kinds[type];
  if (kind === undefined) {
    throw new Error(`an entry has the unknown type ${JSON.stringify(type)} (sparse files are one)`);
  }
  const size = extra.size === undefined ? number(header, 124, 12) : Number(extra.size);
  if (!Number.isSafeInteger(size) || size < 0) throw new Error("the size of an entry is invalid");
  const isUstar = text(header, 257, 5) === "ustar";
  const prefix = isUstar && header[262] === 0 ? text(header, 345, 155) : "";
  const name = text(header, 0, 100);
  const path = extra.path ?? (prefix === "" ? name : `${prefix}/${name}`);
  return {
    // Before there was a type for folders, they were files with a slash.
    kind: kind === "file" && path.endsWith("/") ? "folder" : kind,
    path,
    target: extra.linkpath ?? text(header, 157, 100),
    mode: number(header, 100, 8) & 0o777,
    modifiedAt: seconds(extra.mtime) ?? number(header, 136, 12),
    // Others have no content, whatever their header says.
    size: kind === "file" ? size : 0,
  };
}

async function readExtra(input: Input, type: string, header: Buffer): Promise<Extra> {
  const size = number(header, 124, 12);
  if (!(size <= MAX_EXTRA_BYTES)) throw new Error("a name is too long");
  const body = await input.take(size);
  if (body === undefined) throw endsEarly();
  await input.padding(size);
  // What is said about all entries that follow is a comment, in practice.
  if (type === "g") return {};
  if (type === "x") return parsePax(body);
  const name = body.toString("latin1").replace(/\0.*$/s, "");
  return type === "L" ? { path: name } : { linkpath: name };
}

/** Records of `LENGTH KEY=VALUE\n`. */
function parsePax(body: Buffer): Extra {
  const found: Record<string, string> = {};
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(0x20, at);
    const length = Number(body.toString("latin1", at, Math.max(space, at)));
    if (space < 0 || !Number.isSafeInteger(length) || length <= space - at) {
      throw new Error("an extended header is malformed");
    }
    const record = body.toString("latin1", space + 1, at + length - 1);
    const equals = record.indexOf("=");
    found[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  if (Object.keys(found).some((key) => key.startsWith("GNU.sparse."))) {
    throw new Error("it has sparse files, which are not supported");
  }
  return found;
}

function seconds(written: string | undefined): number | undefined {
  const value = Number(written);
  return written === undefined || !Number.isFinite(value) ? undefined : value;
}

function text(header: Buffer, start: number, length: number): string {
  return header.toString("latin1", start, start + length).replace(/\0.*$/s, "");
}

/** Octal, or where the first bit is set a number of that many bytes. */
function number(header: Buffer, start: number, length: number): number {
  const first = header[start] ?? 0;
  if ((first & 0x80) === 0) return parseInt(text(header, start, length).trim() || "0", 8);
  let value = first & 0x7f;
  for (let i = start + 1; i < start + length; i++) value = value * 256 + (header[i] ?? 0);
  return value;
}

/** The sum of all bytes, its own field taken as spaces. */
function checkSum(header: Buffer): void {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += header[i] ?? 0;
  if (number(header, 148, 8) !== sum) throw new Error("it is no tar, or it is damaged");
}

const endsEarly = (): Error => new Error("it ends in the middle of an entry");

/** Bytes, in pieces of the size that is asked for. */
class Input {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Undefined at the end. */
  async take(length: number): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    for (let missing = length; missing > 0;) {
      if (this.#rest.length === 0 && !(await this.#next())) {
        if (pieces.length === 0) return undefined;
        throw endsEarly();
      }
      const piece = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(piece.length);
      missing -= piece.length;
      pieces.push(piece);
    }
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  }

  /** The next bytes, once; may be begun a second time for what is left of them. */
  body(length: number): AsyncIterable<Buffer> {
    let missing = length;
    const next = async (): Promise<IteratorResult<Buffer, undefined>> => {
      if (missing === 0) return { done: true, value: undefined };
      if (this.#rest.length === 0 && !(await this.#next())) throw endsEarly();
      const piece = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(piece.length);
      missing -= piece.length;
      return { done: false, value: piece };
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  async padding(length: number): Promise<void> {
    const over = length % BLOCK;
    if (over > 0) await this.take(BLOCK - over);
  }

  async drain(): Promise<void> {
    while (await this.#next());
  }

  async #next(): Promise<boolean> {
    const next: IteratorResult<Buffer, unknown> = await this.#chunks.next();
    this.#rest = next.done === true ? Buffer.alloc(0) : next.value;
    return next.done !== true;
  }
}
