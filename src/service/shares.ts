/**
 * @module
 * Programs behind links, as doors see them.
 */
export type { SharesStore } from "../storage/shares-store.ts";
