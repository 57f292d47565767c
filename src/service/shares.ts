/**
 * @module
 * Programs behind links, as doors see them.
 */
export type { SharedProgram, SharesStore } from "../storage/shares-store.ts";
