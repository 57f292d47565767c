/**
 * @module
 * What is known of functions and roles that were made, in small files outside of the project. Losing one
 * costs a look at AWS; a wrong one is found out, since what it names is then not there.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { oncePrefix } from "./bounds.ts";
import { sandboxFailed } from "./failures.ts";
import { readEntry } from "./read-entry.ts";

const roleSchema = z.object({
  account: z.string().regex(/^\d{12}$/),
  arn: z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/),
});
export type RememberedRole = z.infer<typeof roleSchema>;

const functionSchema = z.object({
  folder: z.string(),
  /** The one that was made last for these settings and this code. */
  version: z.string().regex(/^(\d{1,10}|\$LATEST)$/),
  /** Of the code and the settings. */
  mark: z.string(),
});
export type RememberedFunction = z.infer<typeof functionSchema>;

const onceSchema = z.object({
  pid: z.number(),
  startTime: z.string(),
  region: z.string(),
  keyMark: z.string(),
});
export type RememberedOnce = z.infer<typeof onceSchema>;

const onceFile = new RegExp(`^(${oncePrefix}[0-9a-f]{16})\\.json$`);
const MAX_BYTES = 64 * 1024;

export interface Memory {
  readonly role: (keyMark: string) => Slot<RememberedRole>;
  /** By account, region and name. */
  readonly function: (account: string, region: string, name: string) => Slot<RememberedFunction>;
  /** Functions that go with their sandbox. */
  readonly once: (name: string) => Slot<RememberedOnce>;
  readonly onceNames: () => Promise<readonly string[]>;
}

export interface Slot<T> {
  /** Undefined where there is none, or none that can be read. */
  readonly read: () => Promise<T | undefined>;
  readonly write: (value: T) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** @param folder Undefined: nothing is remembered. */
export function openMemory(folder: string | undefined): Memory {
  const slot = <T>(schema: z.ZodType<T>, ...parts: readonly string[]): Slot<T> =>
    folder === undefined
      ? noSlot()
      : fileSlot(schema, join(folder, ...parts.map(fileName)) + ".json");
  return {
    role: (keyMark) => slot(roleSchema, "keys", keyMark),
    function: (account, region, name) => slot(functionSchema, "functions", account, region, name),
    once: (name) => slot(onceSchema, "once", name),
    onceNames: async () => {
      if (folder === undefined) return [];
      const names = await readdir(join(folder, "once")).catch(() => []);
      // What has another name was put there by somebody else, and names a function of somebody else.
      return names.flatMap((name) => {
        const [, own] = onceFile.exec(name) ?? [];
        return own === undefined ? [] : [own];
      });
    },
  };
}

/** A region comes from the environment. */
const fileName = (part: string): string => part.replaceAll(/[^\w-]/g, "_");

function fileSlot<T>(schema: z.ZodType<T>, path: string): Slot<T> {
  return {
    read: async () => {
      try {
        const found = await readEntry(path, MAX_BYTES);
        if (typeof found !== "object") return undefined;
        return schema.parse(JSON.parse(Buffer.from(found.content).toString("utf8")));
      } catch {
        return undefined;
      }
    },
    write: async (value) => {
      const temporary = `${path}.${randomUUID()}`;
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await writeFile(temporary, `${JSON.stringify(value)}\n`, { mode: 0o600, flag: "wx" });
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined);
        throw notWritten(path, error);
      }
    },
    remove: () => rm(path, { force: true }),
  };
}

const notWritten = (path: string, cause: unknown): Error =>
  sandboxFailed(
    "remember",
    `\`${path}\` can't be written: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}. Glovebox remembers there what it made in your account. Make room for it, or set XDG_STATE_HOME to another folder.`,
    cause,
  );

const noSlot = <T>(): Slot<T> => ({
  read: () => Promise.resolve(undefined),
  write: () => Promise.resolve(),
  remove: () => Promise.resolve(),
});
