/**
 * @module
 * Files of a sandbox elsewhere. They are a stranger's: what nobody asked for is not taken.
 */
import {
  maxSkippedPaths,
  type CollectedFiles,
  type CollectRequest,
  type SkippedPath,
} from "../../core/collected.ts";
import { createFileReceiver } from "../../sandbox-protocol/files.ts";
import { skipReasons } from "../../sandbox-protocol/server-messages.ts";
import { snakeCase } from "../../util/snake-case.ts";
import type { RunningTurn } from "./turn.ts";

export function receiveCollected(
  turn: number,
  { maxFiles, maxBytes }: CollectRequest,
): RunningTurn<CollectedFiles> {
  const receiver = createFileReceiver({ maxFiles, maxBytes });
  const skipped: SkippedPath[] = [];
  let settle: { resolve: (files: CollectedFiles) => void; reject: (error: unknown) => void };
  const done = new Promise<CollectedFiles>((resolve, reject) => {
    settle = { resolve, reject };
  });
  /** A fault of what came is one of the server. */
  const accepted = (work: () => void): boolean => {
    try {
      work();
      return true;
    } catch {
      return false;
    }
  };
  return {
    turn,
    done,
    onBytes: ({ kind, bytes }) => kind === "file" && accepted(() => receiver.take(bytes)),
    onMessage: (message) => {
      switch (message.type) {
        case "file":
          return accepted(() => receiver.announce(message));
        case "skipped": {
          const reason = skipReasons.find((each) => snakeCase(each) === message.reason);
          if (reason === undefined || skipped.length >= maxSkippedPaths) return false;
          skipped.push({ path: message.path, reason });
          return true;
        }
        case "collected":
          return accepted(() => {
            settle.resolve({ files: receiver.finish(), skipped, isComplete: message.is_complete });
          });
        default:
          return false;
      }
    },
    fail: (error) => settle.reject(error),
  };
}
