/**
 * @module
 * Tests that need a workspace of the host's, by name: not every file system can show one.
 */
export const mountTests = [
  "a mounted folder can be read",
  "a folder mounted read-only can't be changed",
  "what a program writes into a mounted folder is the caller's",
  "a mounted folder stays when its sandbox goes",
  "collects from a mounted folder, rw",
];
