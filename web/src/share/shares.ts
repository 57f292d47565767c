/**
 * @module
 * Links to programs: made, opened, and those that this browser made, which it can remove again.
 */
import { signal } from "@preact/signals";
import { baseUrl, client } from "../state/server.ts";
import { project } from "../state/project.ts";
import { openFromElsewhere } from "../state/replaced.ts";
import { readStored, writeStored } from "../state/stored.ts";
import { notify } from "../ui/notices.tsx";
import { fromShare, toShare } from "./shared-project.ts";

export interface OwnShare {
  readonly id: string;
  readonly title: string;
  readonly deleteKey: string;
  readonly createdAt: string;
}

const MAX_KEPT = 100;
export const ownShares = signal<readonly OwnShare[]>(readStored("shares", areShares) ?? []);

export const linkOf = (id: string): string => new URL(`s/${id}`, baseUrl).href;

/** @throws {GloveboxApiError} */
export async function share(title: string): Promise<OwnShare> {
  const made = await client.peek().share(toShare(project.peek(), title));
  const own = { id: made.id, title, deleteKey: made.delete_key, createdAt: made.created_at };
  keep([own, ...ownShares.peek()].slice(0, MAX_KEPT));
  return own;
}

/** @throws {GloveboxApiError} */
export async function unshare({ id, deleteKey }: OwnShare): Promise<void> {
  await client.peek().removeShare(id, deleteKey);
  forget(id);
}

export function forget(id: string): void {
  keep(ownShares.peek().filter((own) => own.id !== id));
}

function keep(shares: readonly OwnShare[]): void {
  ownShares.value = shares;
  writeStored("shares", shares);
}

/** Of the page's own address: `/s/ID`. */
export function sharedId(): string | undefined {
  const [, id] = /\/s\/([^/]+)$/.exec(location.pathname) ?? [];
  return id === undefined ? undefined : decodeURIComponent(id);
}

/** Shows the program; from then on it is this browser's own, as any other. */
export async function openShare(id: string): Promise<void> {
  try {
    const opened = await client.peek().openShare(id);
    const program = fromShare(opened);
    if (program === undefined) notify("This page can't show what is behind the link.", "error");
    else await openFromElsewhere(program);
    if (opened.title !== null) document.title = `${opened.title} – Glovebox`;
  } catch (error) {
    notify(`The link can't be opened: ${error instanceof Error ? error.message : ""}`, "error");
  }
  // A reload must not undo what is typed from now on.
  history.replaceState(null, "", baseUrl);
}

function areShares(value: unknown): value is readonly OwnShare[] {
  return (
    Array.isArray(value) &&
    value.every(
      (each: unknown) =>
        typeof each === "object" &&
        each !== null &&
        ["id", "title", "deleteKey", "createdAt"].every(
          (name) => typeof (each as Record<string, unknown>)[name] === "string",
        ),
    )
  );
}
