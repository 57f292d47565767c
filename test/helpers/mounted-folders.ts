/**
 * @module
 * Where a sandbox of root can't show a folder of `/tmp` as its own.
 */
import { statfsSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { skipUnless } from "./require.ts";

/** `f_type` of statfs(2) of file systems that know no id-mapped mounts: mount_setattr(2). */
const withoutIdMaps: Readonly<Record<number, string>> = {
  0x794c7630: "overlayfs",
  0x6969: "NFS",
  0x01021997: "9p",
};
const TMPFS = 0x01021994;
/** The first Linux whose tmpfs knows them. */
const TMPFS_SINCE = [6, 3] as const;

/**
 * Why root's sandboxes can't own a folder that lies in the temporary folder; undefined where they
 * can. It asks the file system and not Glovebox, so that a fault of Glovebox is never a skip. An
 * ordinary user's sandboxes need no id-mapped mount.
 */
export function mountedFoldersGap(): string | undefined {
  const { type } = statfsSync(tmpdir());
  const name = type === TMPFS && isOlderThan(TMPFS_SINCE) ? "an old tmpfs" : withoutIdMaps[type];
  if (process.getuid?.() !== 0 || name === undefined) return undefined;
  return `${tmpdir()} is on ${name}, without id-mapped mounts: name a folder elsewhere in TMPDIR`;
}

/** The gap as the reason of a skip; `GLOVEBOX_REQUIRE=mounted-folders` makes it a failure. */
export function skipWithoutMountedFolders(): string | undefined {
  return skipUnless("mounted-folders", mountedFoldersGap());
}

function isOlderThan([needMajor, needMinor]: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
  return major < needMajor || (major === needMajor && minor < needMinor);
}
