/**
 * @module
 * The server that this page came from: what it can run and allows, and the key with which it is asked.
 */
import { computed, signal } from "@preact/signals";
import { createClient } from "../../../src/client/client.ts";
import { GloveboxApiError } from "../../../src/client/api-error.ts";
import type { InfoAnswer, LanguagesAnswer } from "../../../src/client/types.ts";
import { readStored, writeStored } from "./stored.ts";

export type LanguageRow = LanguagesAnswer["languages"][number];

/** Ends with a slash. The page says where it lies: a proxy may have added to the path. */
export const baseUrl = new URL(
  document.querySelector<HTMLMetaElement>('meta[name="glovebox-base"]')?.content ?? "./",
  location.href,
);

/** Of the person at the page; undefined where the server wants none. */
export const apiKey = signal(readStored("key", isText) ?? "");

export const client = computed(() =>
  createClient({
    url: baseUrl.origin + baseUrl.pathname,
    ...(apiKey.value === "" ? {} : { key: apiKey.value }),
  }),
);

export const languages = signal<readonly LanguageRow[]>([]);
export const info = signal<InfoAnswer | undefined>(undefined);

/** `no-key`: the server wants one, and has none or another. */
export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "connected" }
  | { readonly kind: "no-key"; readonly message: string }
  | { readonly kind: "lost"; readonly message: string };

export const connection = signal<Connection>({ kind: "connecting" });

/** Asks what there is to run. What goes wrong is told by `connection`. */
export async function connect(): Promise<void> {
  try {
    const [{ languages: rows }, answer] = await Promise.all([
      client.value.languages(),
      client.value.info(),
    ]);
    languages.value = rows;
    info.value = answer;
    connection.value = { kind: "connected" };
  } catch (error) {
    connection.value = connectionOf(error);
  }
}

/** Those of a wrong key and of a connection that broke are told above the page, not only by who asked. */
export function connectionOf(error: unknown): Connection {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof GloveboxApiError && (error.status === 401 || error.status === 403)) {
    return { kind: "no-key", message };
  }
  return { kind: "lost", message };
}

export function changeKey(text: string): void {
  const key = text.trim();
  if (!isText(key)) {
    connection.value = { kind: "no-key", message: "A key has no blanks, and ASCII alone." };
    return;
  }
  apiKey.value = key;
  writeStored("key", apiKey.value === "" ? undefined : apiKey.value);
  void connect();
}

function isText(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]*$/.test(value);
}
