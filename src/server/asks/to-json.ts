/**
 * @module
 * Questions as the v1 API shows them. A program chose most of their words.
 */
import type { z } from "zod";
import { formatPattern } from "../../permissions/parse-pattern.ts";
import type { Ask, AskBoard, AskEvent } from "../../service/permissions/ask-board.ts";
import type { answeredSchema, askSchema } from "./schemas.ts";

export type AskJson = z.output<typeof askSchema>;

/** What happens to questions, as messages of any stream. */
export type AskMessage =
  | { readonly type: "ask"; readonly ask: AskJson }
  | ({ readonly type: "answered" } & z.output<typeof answeredSchema>)
  /** `timeout`: it is denied. Else whoever asked is gone, or another answer told it. */
  | {
      readonly type: "withdrawn";
      readonly id: string;
      readonly execution_id: string;
      readonly reason: "timeout" | "gone";
    };

export function askToJson({ id, executionId, question, askedAtMs, expiresAtMs }: Ask): AskJson {
  const { subject, process, meaning, because, pattern, folder } = question;
  return {
    id,
    execution_id: executionId,
    subject,
    process: process ?? null,
    meaning: meaning ?? null,
    because: because ?? null,
    pattern: formatPattern(pattern, "allow"),
    folder: folder === undefined ? null : formatPattern(folder, "allow"),
    asked_at: new Date(askedAtMs).toISOString(),
    expires_at: new Date(expiresAtMs).toISOString(),
  };
}

export function eventToMessage(event: AskEvent): AskMessage {
  const { id, executionId } = event.ask;
  const of = { id, execution_id: executionId };
  switch (event.kind) {
    case "ask":
      return { type: "ask", ask: askToJson(event.ask) };
    case "answered": {
      const { isAllowed, scope } = event.answer;
      return { type: "answered", ...of, answer: isAllowed ? "allow" : "deny", scope };
    }
    case "timeout":
      return { type: "withdrawn", ...of, reason: "timeout" };
    case "withdrawn":
      return { type: "withdrawn", ...of, reason: "gone" };
  }
}

/** For an execution's own document; nothing where it waits for no answer. */
export function waitingFor(
  board: Pick<AskBoard, "list">,
  executionId: string,
): { readonly waiting_for?: AskJson[] } {
  const asks = board.list({ executionId }).map(askToJson);
  return asks.length === 0 ? {} : { waiting_for: asks };
}
