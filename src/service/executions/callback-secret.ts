/**
 * @module
 * What a caller checks `Glovebox-Signature` with. All such secrets are made of one of the server's, so
 * that no secret of a caller's must be kept in clear.
 */
import { createHmac, randomBytes } from "node:crypto";
import type { Database } from "../../storage/database.ts";
import { keepSetting } from "../../storage/settings-store.ts";

const SECRET_BYTES = 32;

/**
 * The server's secret, made by whoever asks first.
 *
 * @throws {GloveboxError} `STORAGE_UNAVAILABLE`
 */
export function keepServerSecret(database: Database): Promise<Buffer> {
  return keepSetting(database, "callbackSecret", randomBytes(SECRET_BYTES));
}

/** Of one caller. */
export function callbackSecret(serverSecret: Uint8Array, callerId: string): string {
  return `gbs_${createHmac("sha256", serverSecret).update(callerId).digest("base64url")}`;
}
