/**
 * @module
 * One Docker daemon for all test files of a run, started by the first that asks.
 *
 * vitest's main process owns it: global-setup.ts listens there on an abstract socket and answers
 * each test file with the daemon's place.
 */
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { inject } from "vitest";
import { useDockerd, type DockerdUser } from "./dockerd.ts";
import type { Place } from "./namespaces.ts";

/** What a test file gets from vitest's main process. */
export type Answer = { readonly place: Place } | { readonly error: string };

declare module "vitest" {
  interface ProvidedContext {
    /** An abstract socket: it leaves no file. */
    readonly dockerdSocket: string;
  }
}

/** For the first `sharedDockerd` on a machine: it makes the images' files. */
export const DOCKERD_TIMEOUT_MS = 320_000;

/**
 * The daemon with the images of `languageTags` and `smallTags`. For `beforeAll`, with
 * `DOCKERD_TIMEOUT_MS`. A test that kills its daemon starts one of its own.
 *
 * @throws Error that says why it did not start.
 */
export async function sharedDockerd(): Promise<DockerdUser> {
  const socket = connect({ path: inject("dockerdSocket") });
  socket.setTimeout(DOCKERD_TIMEOUT_MS, () => socket.destroy(new Error("no answer in time")));
  const answer = JSON.parse(await text(socket)) as Answer;
  if ("error" in answer) throw new Error(answer.error);
  return useDockerd(answer.place);
}
