/**
 * @module
 * What the reference says of questions and answers; a part of the table in `operations.ts`.
 */
import { answeredExample, answerExample, askExample } from "./examples.ts";
import type { Operation } from "./operation.ts";

const events =
  "With `Accept: text/event-stream` they come as server-sent events: `ask` with `ask`, first for each that is open; `answered` with `id`, `execution_id`, `answer` and `scope`; `withdrawn` with `id`, `execution_id` and `reason`, which is `timeout` or `gone`. A comment comes where nothing happens for 15 seconds.";

export const askOperations: Readonly<Record<string, Operation>> = {
  "GET /v1/asks": {
    id: "listAsks",
    tag: "executions",
    summary: "What programs ask, and nobody has answered",
    description: `Those of the caller's key; a key with the scope \`admin\` sees all. ${events}`,
    errors: [],
    answers: { 200: { description: "The oldest first.", example: { asks: [askExample] } } },
  },
  "GET /v1/executions/:id/asks": {
    id: "listAsksOfExecution",
    tag: "executions",
    summary: "What one execution asks, and nobody has answered",
    description: `Also of one that is answered at once. ${events} They end with the execution.`,
    errors: ["EXECUTION_NOT_FOUND", "STORAGE_UNAVAILABLE"],
    parameters: { id: { description: "Of the execution." } },
    answers: { 200: { description: "The oldest first.", example: { asks: [askExample] } } },
  },
  "POST /v1/asks/:id": {
    id: "answerAsk",
    tag: "executions",
    summary: "Answer a question",
    description:
      "The first answer counts. Whatever comes later is `CONFLICT`, also the same answer again, and so is one to a question that was withdrawn or that nobody answered in time.",
    errors: [
      "INVALID_REQUEST",
      "NOT_ALLOWED",
      "BODY_TOO_LARGE",
      "UNSUPPORTED_MEDIA_TYPE",
      "REQUEST_TIMEOUT",
      "ASK_NOT_FOUND",
      "CONFLICT",
    ],
    parameters: { id: { description: "Of the question." } },
    bodyExample: answerExample,
    answers: { 200: { description: "It counts.", example: answeredExample } },
  },
};
