import { expect, test } from "vitest";
import { GloveboxError, invalidRequest } from "../core/errors.ts";
import { shuttingDown } from "../service/executions/refusals.ts";
import { closeCodeOf } from "./web-socket.ts";

test.each([
  ["a stop", shuttingDown(), 1001],
  ["a full server", new GloveboxError("CAPACITY_EXHAUSTED", "", { limit: 1 }), 1013],
  ["too long a queue", new GloveboxError("QUEUE_TIMEOUT", "", { timeoutMs: 1 }), 1013],
  ["a client's mistake", invalidRequest("x", "is wrong"), 1008],
  ["what is not there", new GloveboxError("EXECUTION_NOT_FOUND", "", { executionId: "1" }), 1008],
  ["a fault of ours", new GloveboxError("INTERNAL", "", { id: "1" }), 1011],
])("%s closes a connection with its code", (_what, error, code) => {
  expect(closeCodeOf(error)).toBe(code);
});
