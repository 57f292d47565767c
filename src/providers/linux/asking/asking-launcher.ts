/**
 * @module
 * A launcher whose sandbox asks: one process for one sandbox, with a channel for what it tells and one
 * for the file system of what is asked about.
 */
import type { ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import type { Launcher } from "../../../launcher/launcher.ts";
import { encodeMessage, type RecordValue } from "../../../launcher/message.ts";
import { startLauncher } from "../launcher-process.ts";
import { systemError } from "./errno.ts";
import { parseEvent, type AskEvent } from "./events.ts";

/** Requests of ours to the launcher, and what it tells by itself. */
export interface AskingLauncher {
  readonly launcher: Launcher;
  /** The bytes of the file system, both ways. */
  readonly askFs: Duplex;
  /**
   * Sends a message that begins with a new id, and waits for the event that answers it.
   *
   * @throws {Error} With an errno's name as its `code`, also once the launcher is gone.
   */
  readonly request: (key: string, fields: readonly string[]) => Promise<Answered>;
  /** Sends a message that nobody answers. */
  readonly tell: (key: string, value: RecordValue) => void;
  /** What it tells unasked. Called once. */
  readonly onEvent: (listener: (event: AskEvent) => void) => void;
}

export interface Answered {
  readonly event: AskEvent;
  /** What came with it: a `net.Server`, a `net.Socket` or a `dgram.Socket`. */
  readonly handle: unknown;
}

/** Requests that wait for their answer. */
type Waiting = Map<string, (answer: Answered | undefined) => void>;

/** @throws {GloveboxError} `SANDBOX_FAILED` where this process has no file descriptors left for it. */
export function startAskingLauncher(path: string): AskingLauncher {
  const { launcher, child, streams } = startLauncher(path, ["ask"], ["ipc", "pipe"]);
  const waiting: Waiting = new Map();
  let listener: (event: AskEvent) => void = () => undefined;
  let lastId = 0;
  listenToEvents(child, waiting, (event) => {
    listener(event);
  });
  const [, , askFs] = streams;
  if (askFs === undefined) throw new Error("an asking launcher has a stream for its file system");
  // Its end is the sandbox's.
  askFs.on("error", () => undefined);
  const tell = (key: string, value: RecordValue): void => {
    launcher.send(encodeMessage([[key, value]]));
  };
  return {
    launcher,
    askFs,
    tell,
    request: async (key, fields) => {
      lastId += 1;
      const id = String(lastId);
      const answer = new Promise<Answered | undefined>((resolve) => waiting.set(id, resolve));
      tell(key, [id, ...fields]);
      if (!child.connected) waiting.get(id)?.(undefined);
      const answered = await answer;
      waiting.delete(id);
      if (answered === undefined) throw systemError(key, ENOTCONN);
      const { event } = answered;
      if ("error" in event && event.error !== 0) throw systemError(key, event.error);
      return answered;
    },
    onEvent: (wanted) => {
      listener = wanted;
    },
  };
}

const ENOTCONN = 107;

const answers: readonly AskEvent["event"][] = ["socket", "granted", "who"];

function listenToEvents(
  child: ChildProcess,
  waiting: Waiting,
  onEvent: (event: AskEvent) => void,
): void {
  child.on("message", (message, handle: unknown) => {
    const event = parseEvent(message);
    // Not our launcher's words: its end is the end of the sandbox.
    if (event === undefined) child.kill("SIGKILL");
    else if (answers.includes(event.event)) waiting.get(event.id)?.({ event, handle });
    else onEvent(event);
  });
  child.on("disconnect", () => {
    for (const resolve of waiting.values()) resolve(undefined);
  });
  // The channel alone must not keep this process alive; the lane does that.
  child.channel?.unref();
}
