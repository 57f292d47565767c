/**
 * @module
 * How much may be on its way over the connection of one sandbox. Both sides hold each other to it.
 */

/** Of the messages; who speaks another one is refused before a sandbox is made. */
export const protocolVersion = 1;

/** Below the server's address. Without an upgrade it answers what there is; see `sandboxOfferSchema`. */
export const sandboxPath = "/v1/sandbox";

const KIB = 1024;

/** Bytes of a stream or a file go in pieces of at most this. */
export const maxPieceBytes = 64 * KIB;

/** Of one stream, sent and not yet taken by who reads it. */
export const windowBytes = 256 * KIB;

/** Each piece costs at least this much of its window: the memory that it takes is not only its bytes. */
const minPieceCost = 512;

export const costOf = (pieceBytes: number): number => Math.max(pieceBytes, minPieceCost);

/** The least that a window must have left for a piece. */
export const leastRoom = minPieceCost;

/** Arguments of one command, its program included. */
export const maxArgs = 1025;
/** Variables of one command. */
export const maxVariables = 256;
/** Of one `collect`. */
export const maxCollectPaths = 1000;
