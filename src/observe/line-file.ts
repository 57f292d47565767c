/**
 * @module
 * A file that lines are appended to, while the program goes on. A disk that is full, or a file that was
 * moved away, never reaches the one who writes a line.
 */
import { constants } from "node:fs";
import { lstat, open, type FileHandle } from "node:fs/promises";

/** Lines that are not on disk yet. What comes when they are this many bytes is lost. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** After a failed write. */
const RETRY_MS = 1000;
/** How often it is looked whether the file is still in its place. */
const LOOK_MS = 1000;
/** A network's file system may never answer. */
const CLOSE_MS = 2000;

const NEWLINE = 0x0a;
const MODE = 0o600;

export interface LineFileOptions {
  readonly path: string;
  /** Told of each failed write, and of each line that is lost. */
  readonly onTrouble: (message: string) => void;
  /** Writes a line about how many lines are missing at its place. */
  readonly describeGap: (count: number) => string;
}

export interface LineFile {
  /** Takes a line, without its end. Does not wait and does not throw. */
  append(line: string): void;
  /** How many lines found no room so far. */
  lostLines(): number;
  /** Writes what is left, in at most two seconds. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens the file, or creates it for its owner alone.
 *
 * @throws {Error} Where it can't be opened, is a link, or no regular file.
 */
export async function openLineFile(options: LineFileOptions): Promise<LineFile> {
  const writer = new LineWriter(options, await openForAppending(options.path));
  return {
    append: (line) => {
      writer.append(line);
    },
    lostLines: () => writer.lostLines,
    close: async () => writer.close(),
  };
}

class LineWriter {
  lostLines = 0;
  readonly #options: LineFileOptions;
  #file: FileHandle;
  #lookAt = performance.now() + LOOK_MS;
  #lines: string[] = [];
  /** Of a batch that was begun. */
  #rest = Buffer.alloc(0);
  #isMidLine = false;
  #waitingBytes = 0;
  /** Lines that the file does not tell of yet. */
  #gap = 0;
  #writing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: LineFileOptions, file: FileHandle) {
    this.#options = options;
    this.#file = file;
  }

  append(line: string): void {
    const bytes = Buffer.byteLength(line) + 1;
    if (this.#closing !== undefined || this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.#lose(1);
      this.#options.onTrouble("no room for a line");
      return;
    }
    this.#tellGap();
    this.#lines.push(`${line}\n`);
    this.#waitingBytes += bytes;
    if (this.#retry === undefined) this.#write();
  }

  async close(): Promise<void> {
    this.#closing ??= this.#closeNow();
    return this.#closing;
  }

  async #closeNow(): Promise<void> {
    clearTimeout(this.#retry);
    const finish = async (): Promise<void> => {
      await this.#writing;
      await this.#writeAll(this.#options.onTrouble);
      this.#lose(this.#lines.length + countLines(this.#rest));
      await this.#file.datasync().catch(() => undefined);
      await this.#file.close();
    };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([finish(), late]);
    clearTimeout(timer);
  }

  #write(): void {
    this.#writing ??= this.#writeAll((message) => {
      this.#options.onTrouble(message);
      if (this.#closing !== undefined) return;
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        this.#write();
      }, RETRY_MS).unref();
    }).finally(() => {
      this.#writing = undefined;
    });
  }

  /** Does not throw. What could not be written stays. */
  async #writeAll(onFailure: (message: string) => void): Promise<void> {
    try {
      while (this.#rest.length > 0 || this.#lines.length > 0 || this.#gap > 0) {
        await this.#followMoves();
        if (this.#rest.length === 0) this.#takeLines();
        const { bytesWritten } = await this.#file.write(this.#rest);
        if (bytesWritten > 0) this.#isMidLine = this.#rest[bytesWritten - 1] !== NEWLINE;
        this.#rest = this.#rest.subarray(bytesWritten);
        this.#waitingBytes -= bytesWritten;
      }
    } catch (error) {
      onFailure(messageOf(error));
    }
  }

  #takeLines(): void {
    this.#tellGap();
    this.#rest = Buffer.from(this.#lines.join(""));
    this.#waitingBytes = this.#rest.length;
    this.#lines = [];
  }

  /** After the last line that found room, before the next. It is small, so it needs no room of its own. */
  #tellGap(): void {
    if (this.#gap === 0) return;
    const line = `${this.#options.describeGap(this.#gap)}\n`;
    this.#gap = 0;
    this.#lines.push(line);
    this.#waitingBytes += Buffer.byteLength(line);
  }

  #lose(lines: number): void {
    this.lostLines += lines;
    this.#gap += lines;
  }

  /** logrotate(8) moves a file away, or deletes it, and tells nobody. */
  async #followMoves(): Promise<void> {
    if (performance.now() < this.#lookAt) return;
    this.#lookAt = performance.now() + LOOK_MS;
    const { path, onTrouble } = this.#options;
    try {
      const [ours, there] = await Promise.all([
        this.#file.stat(),
        lstat(path).catch(() => undefined),
      ]);
      if (there?.ino === ours.ino && there.dev === ours.dev) return;
      const fresh = await openForAppending(path);
      const old = this.#file;
      this.#file = fresh;
      this.#dropTornLine();
      await old.close();
    } catch (error) {
      // The old file, wherever it is now, is better than none.
      onTrouble(messageOf(error));
    }
  }

  /** The rest of a line whose beginning is in another file. */
  #dropTornLine(): void {
    if (!this.#isMidLine) return;
    const end = this.#rest.indexOf(NEWLINE) + 1;
    this.#rest = this.#rest.subarray(end);
    this.#waitingBytes -= end;
    this.#isMidLine = false;
    this.#lose(1);
  }
}

async function openForAppending(path: string): Promise<FileHandle> {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  // Without O_NOFOLLOW, who may write into the folder could choose which file of ours is appended to.
  // O_NONBLOCK: a FIFO without a reader would never open.
  const flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
  const file = await open(path, flags, MODE).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "ELOOP") throw error;
    throw new Error(`${path} is a symbolic link`, { cause: error });
  });
  const stat = await file.stat();
  if (stat.isFile()) return file;
  await file.close();
  throw new Error(`${path} is no regular file`);
}

function countLines(bytes: Uint8Array): number {
  return bytes.reduce((count, byte) => (byte === NEWLINE ? count + 1 : count), 0);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
