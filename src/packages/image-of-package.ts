/**
 * @module
 * The image that a package's programs come from.
 */
import { createHash } from "node:crypto";
import type { Package } from "./package.ts";

/** No registry is ever asked for these: nobody can own that host. */
const madeFromFiles = "localhost/glovebox-package";

const HASH_CHARS = 24;

/** With a tag; undefined: its programs are this machine's. */
export function imageOfPackage({ image, dockerfile }: Package): string | undefined {
  if (dockerfile !== undefined) {
    const hash = createHash("sha256").update(dockerfile).digest("hex").slice(0, HASH_CHARS);
    return `${madeFromFiles}:${hash}`;
  }
  if (image === "host") return undefined;
  return wholeName(image);
}

/** With a tag or a digest; what a registry has before its port is none. */
export const wholeName = (image: string): string =>
  /[:@][^/]+$/.test(image) ? image : `${image}:latest`;
