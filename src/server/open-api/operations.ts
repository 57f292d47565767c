/**
 * @module
 * What the reference says of each endpoint, besides what its schemas say. An endpoint that is not in
 * this table is not in the reference: those of the wires are, elsewhere, other products' own.
 */
import { sandboxPath } from "../../sandbox-protocol/bounds.ts";
import { maxListed, maxWaitS } from "../executions/schemas.ts";
import { adminOperations } from "./admin-operations.ts";
import { askOperations } from "./ask-operations.ts";
import { shareOperations } from "./share-operations.ts";
import {
  batchExample,
  endedExample,
  executeExample,
  queuedExample,
  reportExample,
} from "./examples.ts";
import type { Operation, ParameterText } from "./operation.ts";

const id: ParameterText = { description: "Of the execution." };
const cursor: ParameterText = {
  description: "The `cursor` of an output message: what comes behind it is sent. Absent: all is.",
  schema: { type: "string" },
};
const whole = (minimum: number, maximum?: number): object => ({
  type: "integer",
  minimum,
  ...(maximum === undefined ? {} : { maximum }),
});
const bodyErrors = [
  "INVALID_REQUEST",
  "BODY_TOO_LARGE",
  "UNSUPPORTED_MEDIA_TYPE",
  "REQUEST_TIMEOUT",
] as const;
const admissionErrors = ["UNKNOWN_LANGUAGE", "QUOTA_EXHAUSTED", "CAPACITY_EXHAUSTED"] as const;
const runErrors = [
  "LANGUAGE_NOT_INSTALLED",
  "IMAGE_NOT_FOUND",
  "POLICY_UNENFORCEABLE",
  "PROVIDER_UNAVAILABLE",
  "SANDBOX_FAILED",
  "SHUTTING_DOWN",
] as const;

/** Keys: method and path, as the routes have them. */
export const operations: Readonly<Record<string, Operation>> = {
  "POST /v1/execute": {
    id: "execute",
    tag: "executions",
    summary: "Run a program and wait for its end",
    description:
      "A program that fails is a 200: how it ended is in `outcome`. Closing the connection ends the run.",
    errors: [...bodyErrors, ...admissionErrors, ...runErrors, "QUEUE_TIMEOUT"],
    bodyExample: executeExample,
    answers: { 200: { description: "The program ended, well or badly.", example: reportExample } },
  },
  "POST /v1/executions": {
    id: "submitExecution",
    tag: "executions",
    summary: "Accept a program, and run it later",
    description:
      "Answers at once. What was accepted is run, also where the server dies before that. The end is told by a GET with `wait`, by the events, or by a POST to `callback_url`. With `Accept: text/event-stream` the answer is those events, from the first on.",
    errors: [...bodyErrors, ...admissionErrors, "CONFLICT", "STORAGE_UNAVAILABLE", "SHUTTING_DOWN"],
    headers: {
      "Idempotency-Key":
        "1 to 255 printable characters. The same key with the same body gives the execution that was accepted before, with `Idempotent-Replayed: true`; with another body it is `CONFLICT`.",
    },
    bodyExample: { ...executeExample, priority: 5 },
    answers: {
      200: {
        description: "It is accepted, and these are its events; `state` has its id.",
        contentType: "text/event-stream",
      },
      202: {
        description: "It is accepted.",
        example: queuedExample,
        headers: {
          Location: "Where it is found.",
          "Idempotent-Replayed": "`true` where the idempotency key was there before.",
        },
      },
    },
  },
  "POST /v1/executions/batch": {
    id: "submitExecutions",
    tag: "executions",
    summary: "Accept several programs at once",
    description:
      "Each element is a body of `POST /v1/executions`, and is accepted or refused by itself: the answer has the execution or the error of each, in order.",
    errors: [
      ...bodyErrors,
      "QUOTA_EXHAUSTED",
      "CAPACITY_EXHAUSTED",
      "STORAGE_UNAVAILABLE",
      "SHUTTING_DOWN",
    ],
    bodyExample: batchExample,
    answers: {
      202: { description: "What became of each.", example: { executions: [queuedExample] } },
    },
  },
  "GET /v1/executions": {
    id: "listExecutions",
    tag: "executions",
    summary: "List executions, newest first",
    description:
      "Those of the caller's key; a key with the scope `admin` sees all. With `ids`, just these come, with their results; null stands for what is not there.",
    errors: ["INVALID_REQUEST", "STORAGE_UNAVAILABLE"],
    parameters: {
      state: { description: "Only those in this state." },
      limit: { description: "How many come at most; 20 if absent.", schema: whole(1, maxListed) },
      cursor: { description: "The `next_cursor` of the page before." },
      ids: { description: `At most ${maxListed} ids, with commas between them.` },
    },
    answers: {
      200: {
        description: "A page, without results.",
        example: { executions: [queuedExample], next_cursor: null },
      },
    },
  },
  "GET /v1/executions/:id": {
    id: "getExecution",
    tag: "executions",
    summary: "Look at an execution, or wait for its end",
    description: "With its result, or its error, as soon as it has ended.",
    errors: ["INVALID_REQUEST", "EXECUTION_NOT_FOUND", "STORAGE_UNAVAILABLE"],
    parameters: {
      id,
      wait: {
        description: "Seconds that the answer may take, if the execution has not ended before.",
        schema: whole(0, maxWaitS),
      },
    },
    answers: { 200: { description: "As it is now.", example: endedExample } },
  },
  "POST /v1/executions/:id/cancel": {
    id: "cancelExecution",
    tag: "executions",
    summary: "End an execution",
    description:
      "Answers when it has ended, with what it wrote so far. What has ended stays as it is. The request has no body.",
    errors: ["EXECUTION_NOT_FOUND", "STORAGE_UNAVAILABLE"],
    parameters: { id },
    answers: {
      200: { description: "It has ended.", example: { ...queuedExample, state: "canceled" } },
    },
  },
  "DELETE /v1/executions/:id": {
    id: "deleteExecution",
    tag: "executions",
    summary: "Forget an execution that has ended",
    description: "While it waits or runs, it is `CONFLICT`: cancel it first.",
    errors: ["EXECUTION_NOT_FOUND", "CONFLICT", "STORAGE_UNAVAILABLE"],
    parameters: { id },
    answers: { 204: { description: "It is gone." } },
  },
  "GET /v1/executions/:id/events": {
    id: "followExecution",
    tag: "executions",
    summary: "Follow an execution by server-sent events",
    description:
      "`state` at the begin and at each change, with `execution`; `output` with `phase`, `stream`, `offset`, `data`, `encoding` and `cursor`, which is the event's id, too; `ask`, `answered` and `withdrawn` as `GET /v1/asks` has them; `end` with the execution and its result, and then the stream ends. A comment comes where nothing happens for 15 seconds.",
    errors: ["INVALID_REQUEST", "EXECUTION_NOT_FOUND", "STORAGE_UNAVAILABLE"],
    parameters: { id, cursor },
    headers: { "Last-Event-ID": "As `cursor`, which it overrules." },
    answers: {
      200: {
        description: "The events.",
        contentType: "text/event-stream",
        example:
          'id: 1.0.0.3.0\nevent: output\ndata: {"phase":"run","stream":"stdout","offset":0,"data":"hi\\n","encoding":"utf8","cursor":"1.0.0.3.0"}\n\n',
      },
    },
  },
  "GET /v1/executions/:id/attach": {
    id: "attachExecution",
    tag: "executions",
    summary: "Follow an execution by WebSocket, and type into it",
    description:
      'Text frames of JSON. The server sends what the events have, with `type`. An execution with `interactive` takes `{"type":"stdin","data","encoding"?}`, `{"type":"eof"}`; any takes `{"type":"signal","signal":"SIGINT"}` and `{"type":"resize","columns","rows"}`. A message that is wrong is answered by `{"type":"error","error"}`. The connection is closed with 1000 after `end`, 1001 where the server stops, 1008 where the request was refused, 1013 where the server is full, 1011 for a fault of the server. A browser, which can send no headers, gives its key as the one subprotocol.',
    errors: ["EXECUTION_NOT_FOUND"],
    parameters: { id, cursor },
    answers: { 101: { description: "It is a WebSocket from here on." } },
  },
  [`GET ${sandboxPath}`]: {
    id: "openSandbox",
    tag: "executions",
    summary: "A WebSocket that is one sandbox",
    description:
      "What the provider `remote` of another Glovebox speaks; without an upgrade, which sandboxes there are.",
    errors: ["INVALID_REQUEST"],
    answers: {
      101: { description: "It is a WebSocket from here on." },
      200: { description: "What a sandbox of this server would be." },
    },
  },
  ...askOperations,
  ...shareOperations,
  ...adminOperations,
  "GET /v1/languages": {
    id: "listLanguages",
    tag: "server",
    summary: "What can be run here, and in which version",
    description: "The first call can take some seconds: it asks each runtime in a sandbox.",
    errors: ["PROVIDER_UNAVAILABLE", "SANDBOX_FAILED"],
    answers: { 200: { description: "All languages, also those that are not installed." } },
  },
  "GET /v1/info": {
    id: "getInfo",
    tag: "server",
    summary: "What this server allows, and what its host enforces",
    description: "The first call starts a sandbox to find out; the answer is kept.",
    errors: [],
    answers: { 200: { description: "Providers, limits, network and controls." } },
  },
  "GET /metrics": {
    id: "getMetrics",
    tag: "server",
    summary: "Counters, for Prometheus",
    description: "Where keys are needed, with one that has the scope `admin`.",
    errors: [],
    answers: {
      200: { description: "In the text format of Prometheus.", contentType: "text/plain" },
    },
  },
  "GET /openapi.json": {
    id: "getReference",
    tag: "server",
    summary: "This document",
    description: "For people it is at `GET /docs`.",
    isPublic: true,
    errors: [],
    answers: {
      200: { description: "OpenAPI 3.1.", contentType: "application/json" },
    },
  },
  "GET /health": {
    id: "getHealth",
    tag: "server",
    summary: "The server is there",
    description: "It starts nothing, so it can be asked often.",
    isPublic: true,
    errors: [],
    answers: {
      200: {
        description: "It answers. `service` is what clients of isobox look for.",
        example: { status: "healthy", service: "isobox", version: "0.1.0", name: "glovebox" },
      },
    },
  },
  "GET /ready": {
    id: "getReady",
    tag: "server",
    summary: "A sandbox really starts here",
    description: "For load balancers. An answer holds for ten seconds.",
    isPublic: true,
    errors: [],
    answers: {
      200: { description: "It does.", example: { ready: true, provider: "linux" } },
      503: {
        description: "It does not, and why.",
        example: { ready: false, reason: "linux: user namespaces are switched off" },
        headers: { "Retry-After": "Seconds." },
      },
    },
  },
};
