/**
 * @module
 * What happens to questions, one message after the other, as whoever follows takes them.
 */
import type { AskBoard, AskFilter } from "../../service/permissions/ask-board.ts";
import { askToJson, eventToMessage, type AskMessage } from "./to-json.ts";

export interface AskQueue extends Disposable {
  /** The next one, if there is one. */
  readonly take: () => AskMessage | undefined;
  /** Called whenever there may be more. @returns Ends the calls. */
  readonly onMore: (wake: () => void) => () => void;
  /** Whether it was left so far behind that messages were lost. */
  readonly isLost: () => boolean;
}

/** Of one who does not read. */
const MAX_WAITING = 1000;

/** Begins with an `ask` for each question that is open. */
export function queueAsks(board: Pick<AskBoard, "list" | "subscribe">, of: AskFilter): AskQueue {
  const waiting: AskMessage[] = [];
  const wakes = new Set<() => void>();
  let isLost = false;
  const unsubscribe = board.subscribe(of, (event) => {
    if (waiting.length >= MAX_WAITING) isLost = true;
    else waiting.push(eventToMessage(event));
    for (const wake of [...wakes]) wake();
  });
  for (const ask of board.list(of)) waiting.push({ type: "ask", ask: askToJson(ask) });
  return {
    take: () => waiting.shift(),
    onMore: (wake) => {
      wakes.add(wake);
      return () => void wakes.delete(wake);
    },
    isLost: () => isLost,
    [Symbol.dispose]: unsubscribe,
  };
}
