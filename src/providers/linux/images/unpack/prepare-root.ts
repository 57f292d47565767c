/**
 * @module
 * The little that a sandbox needs in an image's `/etc`. Runs inside a sandbox.
 */
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import type { RootFolder } from "./root-folder.ts";

/** A file of the image that is longer is none that is known here. */
const MAX_FILE_BYTES = 1024 * 1024;

/** Ours, first in each: the first line of an id is its name. */
const lines = [
  ["/etc/passwd", "sandbox:x:1000:1000:sandbox:/home/sandbox:/bin/sh"],
  ["/etc/group", "sandbox:x:1000:"],
] as const;
const fallbacks: Readonly<Record<string, string>> = {
  "/etc/passwd": "root:x:0:0:root:/:/bin/sh\n",
  "/etc/group": "root:x:0:\n",
};

/** What changes from sandbox to sandbox: the image leads to where each has its own. */
const ownFiles = ["hosts", "resolv.conf"] as const;

/** @param ownFolder Where a sandbox has its own files. Absolute, inside. */
export function prepareRoot(root: RootFolder, ownFolder: string): void {
  const etc = root.status("/etc");
  if (etc === undefined) root.place("/etc/x");
  // A link could lead anywhere: such an image has to do without.
  else if (!etc.isDirectory()) return;
  for (const [path, line] of lines) {
    const text = readSmall(root, path) ?? fallbacks[path] ?? "";
    const others = text.split("\n").filter((other) => !other.startsWith("sandbox:"));
    replace(root, path, () => {
      writeFileSync(root.bytes(path), [line, ...others].join("\n"), {
        encoding: "latin1",
        flag: "wx",
      });
    });
  }
  for (const name of ownFiles) {
    const path = `/etc/${name}`;
    replace(root, path, () => {
      symlinkSync(`${ownFolder}/${name}`, root.bytes(path));
    });
  }
}

function readSmall(root: RootFolder, path: string): string | undefined {
  const status = root.status(path);
  if (status?.isFile() !== true || status.size > MAX_FILE_BYTES) return undefined;
  return readFileSync(root.bytes(path), "latin1");
}

/** Never writes into what is there: it may be a link, or have another name. */
function replace(root: RootFolder, path: string, make: () => void): void {
  root.remove(path);
  make();
}
