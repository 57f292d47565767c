/**
 * @module
 * What the reference says of the administrator's endpoints; a part of the table in `operations.ts`.
 */
import { maxListed } from "../executions/schemas.ts";
import type { Operation } from "./operation.ts";

const whoMay = "Where keys are needed, with one that has the scope `admin`.";

export const adminOperations: Readonly<Record<string, Operation>> = {
  "GET /v1/admin/overview": {
    id: "getOverview",
    tag: "server",
    summary: "How the server does now",
    description: `Slots, queue, ready sandboxes, and what ended how since the start and of late. ${whoMay}`,
    errors: [],
    answers: { 200: { description: "As it is now." } },
  },
  "GET /v1/admin/history": {
    id: "getHistory",
    tag: "server",
    summary: "How the server did in the last hour",
    description: `For charts. A restart begins it anew. ${whoMay}`,
    errors: [],
    answers: {
      200: { description: "One sample each ten seconds, the oldest first, and one of now." },
    },
  },
  "GET /v1/admin/events": {
    id: "followOverview",
    tag: "server",
    summary: "Follow how the server does by server-sent events",
    description: `\`overview\`, at once and then every two seconds, with what \`GET /v1/admin/overview\` answers. ${whoMay}`,
    errors: [],
    answers: { 200: { description: "The events.", contentType: "text/event-stream" } },
  },
  "GET /v1/admin/executions": {
    id: "listAllExecutions",
    tag: "server",
    summary: "List the executions of all callers, newest first",
    description: `Those that are answered later, without their code and results; see \`GET /v1/admin/runs\` for the others. One is ended by \`POST /v1/executions/ID/cancel\`, with a key that has the scopes \`run\` and \`admin\`. ${whoMay}`,
    errors: ["INVALID_REQUEST", "STORAGE_UNAVAILABLE"],
    parameters: {
      state: { description: "Only those in this state." },
      limit: {
        description: "How many come at most; 20 if absent.",
        schema: { type: "integer", minimum: 1, maximum: maxListed },
      },
      cursor: { description: "The `next_cursor` of the page before." },
    },
    answers: { 200: { description: "A page." } },
  },
  "GET /v1/admin/runs": {
    id: "listHeldRuns",
    tag: "server",
    summary: "List runs whose callers hold a connection open",
    description: `Requests that are answered at the end, and sandboxes over WebSocket, running or waiting for a slot; they are no executions. ${whoMay}`,
    errors: ["STORAGE_UNAVAILABLE"],
    answers: { 200: { description: "A hundred at most, the oldest first." } },
  },
  "POST /v1/admin/runs/:id/cancel": {
    id: "cancelHeldRun",
    tag: "server",
    summary: "End such a run",
    description:
      "Its caller is answered `NOT_ALLOWED`. Where keys are needed, with one that has the scopes `run` and `admin`.",
    errors: ["EXECUTION_NOT_FOUND"],
    parameters: { id: { description: "As `GET /v1/admin/runs` has it." } },
    answers: { 204: { description: "It is told to end." } },
  },
  "GET /v1/admin/keys": {
    id: "listKeys",
    tag: "server",
    summary: "List keys, and what they have used",
    description: `Never their secrets. ${whoMay}`,
    errors: ["STORAGE_UNAVAILABLE"],
    answers: {
      200: { description: "The newest thousand, in the order in which they were made." },
    },
  },
};
