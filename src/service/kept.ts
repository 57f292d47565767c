/**
 * @module
 * All that a server keeps in its database, opened and closed as one.
 */
import { readFileSync } from "node:fs";
import { createCallbacksStore } from "../storage/callbacks-store.ts";
import { openDatabase, type Database } from "../storage/database.ts";
import { createExecutionLists } from "../storage/execution-lists.ts";
import { createExecutionsStore } from "../storage/executions-store.ts";
import { createKeysStore, type KeysStore } from "../storage/keys-store.ts";
import { createSharesStore, type SharesStore } from "../storage/shares-store.ts";
import { createUsageStore } from "../storage/usage-store.ts";
import { isProcessAlive, ownProcessTag } from "../util/process-tag.ts";
import {
  CallbackDelivery,
  type CallbackDeliveryOptions,
  type CallbackSettings,
} from "./executions/callback-delivery.ts";
import { callbackSecret, keepServerSecret } from "./executions/callback-secret.ts";
import type { ExecutionInfo, ExecutionResult } from "./executions/execution-info.ts";
import { Executions, type ExecutionsOptions } from "./executions/executions.ts";
import { keepHouse, type Retention } from "./executions/housekeeping.ts";
import { keyState } from "./key-state.ts";
import { createKeys, type Keys } from "./keys.ts";

export interface KeptOptions extends Pick<
  ExecutionsOptions,
  "service" | "maxPending" | "maxPendingBytes" | "queueTimeoutMs" | "onFault"
> {
  /** Undefined: in memory. */
  readonly folder: string | undefined;
  readonly retention: Retention;
  readonly callbacks: CallbackSettings;
  readonly onEnd?: (info: ExecutionInfo, result: () => ExecutionResult) => void;
  readonly onCallback?: CallbackDeliveryOptions["onAttempt"];
}

export interface Kept {
  readonly executions: Executions;
  readonly keys: Keys;
  readonly keyring: KeysStore;
  readonly shares: SharesStore;
  /** What a caller checks `Glovebox-Signature` with. */
  callbackSecret(callerId: string): string;
  /** Of the database, without what was not moved into it yet. */
  storageBytes(): number;
  /** Whether there is a key that opens anything. */
  hasKeys(): boolean;
  /**
   * Takes over what killed servers left, and begins to deliver callbacks and to forget what is old.
   * To be called when all kinds of executions are registered.
   *
   * @throws {GloveboxError} `STORAGE_UNAVAILABLE`
   */
  start(): Promise<{ readonly queued: number; readonly lost: number }>;
  /** Ends what still runs, and closes the database. Idempotent. */
  close(): Promise<void>;
}

/** @throws {GloveboxError} `INVALID_CONFIG`, `STORAGE_UNAVAILABLE` */
export async function openKept(options: KeptOptions): Promise<Kept> {
  const database = openDatabase({ folder: options.folder });
  try {
    return await openIn(database, options);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function openIn(database: Database, options: KeptOptions): Promise<Kept> {
  const { service, maxPending, maxPendingBytes, queueTimeoutMs, onEnd, onFault } = options;
  const keysStore = createKeysStore(database);
  const secret = await keepServerSecret(database);
  const executions = new Executions({
    service,
    store: createExecutionsStore(database),
    lists: createExecutionLists(database),
    owner: ownName(),
    isAlive,
    maxPending,
    maxPendingBytes,
    queueTimeoutMs,
    onFault,
    onEnd: (info) => {
      callbacks.wake();
      onEnd?.(info, () => executions.result(info.id));
    },
  });
  const callbacks = new CallbackDelivery({
    ...options.callbacks,
    onAttempt: options.onCallback,
    store: createCallbacksStore(database),
    executions,
    secret,
  });
  let house: ReturnType<typeof keepHouse> | undefined;
  return {
    executions,
    keys: createKeys(keysStore, createUsageStore(database)),
    keyring: keysStore,
    shares: createSharesStore(database),
    callbackSecret: (callerId) => callbackSecret(secret, callerId),
    storageBytes: () => databaseBytes(database),
    hasKeys: () => {
      const now = Date.now();
      return keysStore.list().some((key) => keyState(key, now) === "active");
    },
    start: async () => {
      const recovered = await executions.recover();
      callbacks.wake();
      house = keepHouse(database, options.retention, (error) => {
        onFault(error, "");
      });
      return recovered;
    },
    close: async () => {
      executions.refuseNew();
      executions.abortAll();
      await executions.idle();
      await Promise.all([callbacks.close(), house?.close()]);
      await database.close();
    },
  };
}

/** Ticks since boot mean nothing after the next boot. Empty where there is no such file, as on macOS. */
function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}

function ownName(): string {
  const { pid, startTime } = ownProcessTag();
  return `${bootId()}:${pid}:${startTime}`;
}

function isAlive(owner: string): boolean {
  const [boot = "", pid = "", startTime = ""] = owner.split(":");
  return boot === bootId() && isProcessAlive({ pid: Number(pid), startTime });
}

function databaseBytes(database: Database): number {
  const read = (name: "page_count" | "page_size"): number =>
    database.read((sql) => sql.row(`PRAGMA ${name}`)?.[name]) as number;
  return read("page_count") * read("page_size");
}
