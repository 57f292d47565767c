/**
 * @module
 * Ends work that fills a disk. A file's size is limited by the kernel; the sum of many is not, nor their
 * number, where they lie in a folder of the host.
 */
import { statfs } from "node:fs/promises";

const INTERVAL_MS = 500;

export interface DiskBounds {
  /** How much less there may be free than at the start. */
  readonly maxBytes: number;
  /** How many inodes less; some file systems have no number of them. */
  readonly maxFiles: number;
}

/**
 * @param folder On the file system that is watched. What others write there meanwhile is counted too.
 * @returns Aborts with an error that says so.
 */
export async function watchDisk(
  folder: string,
  { maxBytes, maxFiles }: DiskBounds,
): Promise<{ readonly signal: AbortSignal } & Disposable> {
  const controller = new AbortController();
  const free = async (): Promise<{ readonly bytes: number; readonly files: number }> => {
    const { bavail, bsize, ffree } = await statfs(folder);
    return { bytes: bavail * bsize, files: ffree };
  };
  const before = await free();
  const timer = setInterval(() => {
    free().then(
      (now) => {
        const over =
          before.bytes - now.bytes > maxBytes
            ? `${maxBytes} bytes`
            : before.files - now.files > maxFiles
              ? `${maxFiles} files`
              : undefined;
        if (over !== undefined)
          controller.abort(new Error(`it takes more than ${over} of the disk`));
      },
      (error: unknown) => {
        controller.abort(error);
      },
    );
  }, INTERVAL_MS);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearInterval(timer);
    },
  };
}
