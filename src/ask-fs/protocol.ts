/**
 * @module
 * Numbers of the kernel's FUSE protocol, version 7.31: linux/fuse.h, fuse(4).
 */

export const protocolMajor = 7;
/** Linux 5.4. A kernel that has a later one speaks this one with us. */
export const protocolMinor = 31;

export const opcodes = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  setattr: 4,
  readlink: 5,
  symlink: 6,
  mknod: 8,
  mkdir: 9,
  unlink: 10,
  rmdir: 11,
  rename: 12,
  link: 13,
  open: 14,
  read: 15,
  write: 16,
  statfs: 17,
  release: 18,
  fsync: 20,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  fsyncdir: 30,
  create: 35,
  interrupt: 36,
  destroy: 38,
  notifyReply: 41,
  batchForget: 42,
} as const;

/** Of INIT. */
const initFlags = {
  asyncRead: 1 << 0,
  /** O_TRUNC comes with OPEN: what is asked about is one call, not two. */
  atomicTruncate: 1 << 3,
  bigWrites: 1 << 5,
  /** Cached pages go when the host's size or time differs. */
  autoInvalidate: 1 << 12,
  parallelFolders: 1 << 18,
} as const;

/**
 * Absent on purpose: FUSE_WRITEBACK_CACHE (the kernel would open files to read what was only granted
 * for writing), FUSE_NO_OPEN_SUPPORT (opens without us), FUSE_POSIX_LOCKS, FUSE_DO_READDIRPLUS.
 */
export const wantedInitFlags = Object.values(initFlags).reduce((all, flag) => all | flag, 0);

/** What SETATTR changes. */
export const setattrFlags = {
  mode: 1 << 0,
  uid: 1 << 1,
  gid: 1 << 2,
  size: 1 << 3,
  atime: 1 << 4,
  mtime: 1 << 5,
  handle: 1 << 6,
  atimeNow: 1 << 7,
  mtimeNow: 1 << 8,
} as const;

/** Of GETATTR: it names a handle. */
export const getattrHandleFlag = 1 << 0;
/** Of WRITE: pages that a shared mapping made dirty, not a call of write(2). */
export const writeFromCacheFlag = 1 << 0;

/** The node that is the root of the mount. */
export const rootNodeId = 1;

export const requestHeaderBytes = 40;
export const replyHeaderBytes = 16;

/** Data in one READ or WRITE: 32 pages, what the kernel does unless told otherwise. */
export const maxDataBytes = 128 * 1024;
/** The largest message there is: a WRITE. */
export const maxMessageBytes = maxDataBytes + 4096;

/** An inode number that says nothing: FUSE_UNKNOWN_INO. */
export const unknownInode = 0xffff_ffffn;

/** openat(2): a descriptor that names a file and opens nothing; the same on x86-64 and arm64. */
export const openPathFlag = 0o10000000;
