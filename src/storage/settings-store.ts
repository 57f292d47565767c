/**
 * @module
 * What the server makes for itself once, such as the secret that signs callbacks.
 */
import type { Database } from "./database.ts";

/**
 * The value of this name: what is kept, else `value`, which is kept from now on. Of several processes
 * that do this at once all get the same.
 *
 * @throws {GloveboxError} `STORAGE_UNAVAILABLE`.
 */
export function keepSetting(database: Database, name: string, value: Uint8Array): Promise<Buffer> {
  return database.write((sql) => {
    sql.run("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", name, value);
    return sql.row("SELECT value FROM settings WHERE name = ?", name)?.["value"] as Buffer;
  });
}
