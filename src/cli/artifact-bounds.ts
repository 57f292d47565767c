/**
 * @module
 * What one run from the command line can bring back.
 */
export const artifactBounds = { maxFiles: 1000, maxBytes: 64 * 1024 ** 2 } as const;
