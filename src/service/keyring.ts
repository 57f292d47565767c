/**
 * @module
 * The keys of a server as its operator handles them, also while it runs: in another process, on the same
 * database.
 */
import { openAudit, type Audit } from "../observe/audit.ts";
import type { SeldomReport } from "../observe/seldom.ts";
import { openDatabase } from "../storage/database.ts";
import { createKeysStore, type KeysStore, type NewKey } from "../storage/keys-store.ts";
import { callbackSecret, keepServerSecret } from "./executions/callback-secret.ts";

export interface KeyringOptions {
  /** Of the database. */
  readonly folder: string;
  /** Undefined: none is written. */
  readonly auditFile: string | undefined;
  readonly onAuditTrouble: (trouble: SeldomReport) => void;
}

/** All throw as `Database` does. */
export interface Keyring extends Pick<KeysStore, "list"> {
  create(key: NewKey): ReturnType<KeysStore["create"]>;
  /** Of a key that is there. */
  revoke(key: { readonly id: string; readonly name: string }, now: number): Promise<void>;
  /** What a caller checks `Glovebox-Signature` with. */
  callbackSecret(callerId: string): Promise<string>;
  close(): Promise<void>;
}

/** @throws {GloveboxError} `INVALID_CONFIG`, `STORAGE_UNAVAILABLE` */
export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  const { folder, auditFile, onAuditTrouble: onTrouble } = options;
  const database = openDatabase({ folder });
  let audit: Audit | undefined;
  try {
    // Before anything is done that it should tell of.
    if (auditFile !== undefined) {
      audit = await openAudit({ destination: auditFile, stderr: process.stderr, onTrouble });
    }
  } catch (error) {
    await database.close();
    throw error;
  }
  const store = createKeysStore(database);
  return {
    list: () => store.list(),
    create: async (key) => {
      const created = await store.create(key);
      audit?.keyCreated({ keyId: created.id, name: key.name });
      return created;
    },
    revoke: async ({ id, name }, now) => {
      await store.revoke(id, now);
      audit?.keyRevoked({ keyId: id, name });
    },
    callbackSecret: async (callerId) => callbackSecret(await keepServerSecret(database), callerId),
    close: async () => {
      await audit?.close();
      await database.close();
    },
  };
}
