/**
 * @module
 * Where a server and the runs of its user meet: a socket in a folder that nobody else can enter. Who can
 * connect to it is this user, and so is who listens: neither has to prove anything, and no secret can
 * leak.
 */
import { lstatSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { stateFolder } from "../util/user-folders.ts";

/** Of the address of a socket, with its zero; unix(7). */
const MAX_PATH_BYTES = 108;

/** Undefined for a user without a home, or with one whose name is too long. */
export function socketPath(env: NodeJS.ProcessEnv): string | undefined {
  const state = stateFolder(env);
  if (state === undefined) return undefined;
  const path = join(state, "local", "runs.sock");
  return Buffer.byteLength(path) < MAX_PATH_BYTES ? path : undefined;
}

/** Makes the socket's folder. @throws Where that can't be made. */
export function makeFolder(path: string): void {
  mkdirSync(dirname(dirname(path)), { recursive: true, mode: 0o700 });
  try {
    mkdirSync(dirname(path), { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/**
 * True if only this user, and root, can have put the socket there, and can reach it. With sudo, or a
 * variable that leads elsewhere, the folder may be somebody else's; and who may rename a folder above
 * could put another one in its place.
 */
export function isPrivateSocket(path: string): boolean {
  const uid = process.geteuid?.();
  try {
    const socket = lstatSync(path);
    const folder = lstatSync(dirname(path));
    return (
      socket.isSocket() &&
      socket.uid === uid &&
      folder.isDirectory() &&
      folder.uid === uid &&
      (folder.mode & 0o077) === 0 &&
      isSafeWay(dirname(dirname(path)), uid)
    );
  } catch {
    return false;
  }
}

/** No other user can rename what is in these folders: a link among them is not followed. */
function isSafeWay(path: string, uid: number | undefined): boolean {
  const { uid: owner, mode } = lstatSync(path);
  const isSticky = (mode & 0o1000) !== 0;
  const isSafe = (owner === uid || owner === 0) && ((mode & 0o022) === 0 || isSticky);
  return isSafe && (path === "/" || isSafeWay(dirname(path), uid));
}
