/**
 * @module
 * Ends work that fills a disk. A file's size is limited by the kernel; the sum of many is not, where
 * they lie in a folder of the host.
 */
import { statfs } from "node:fs/promises";

const INTERVAL_MS = 500;

/**
 * @param folder On the file system that is watched. What others write there meanwhile is counted too.
 * @param maxBytes How much less there may be free than at the start.
 * @returns Aborts with an error that says so.
 */
export async function watchDisk(
  folder: string,
  maxBytes: number,
): Promise<{ readonly signal: AbortSignal } & Disposable> {
  const controller = new AbortController();
  const free = async (): Promise<number> => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  };
  const before = await free();
  const timer = setInterval(() => {
    free().then(
      (now) => {
        if (before - now <= maxBytes) return;
        controller.abort(new Error(`it takes more than ${maxBytes} bytes of the disk`));
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
