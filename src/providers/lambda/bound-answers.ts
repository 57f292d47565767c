/**
 * @module
 * What AWS's SDK leaves open: how long an answer is, and how long it may take once it has begun.
 */
import { pipeline, Readable, Transform } from "node:stream";

/** An answer of a function has 6 MB, as JSON in base64 at most 8. */
const MAX_ANSWER_BYTES = 16 * 1024 ** 2;
const MAX_ANSWER_MS = 120_000;

type Handler = (args: never) => Promise<{ readonly response: unknown }>;

/** The SDK's types differ by service where their stacks don't. */
export interface BoundedClient {
  readonly middlewareStack: { readonly add: unknown };
}

interface Stack {
  readonly add: (
    middleware: (next: Handler) => Handler,
    options: { readonly step: "deserialize"; readonly priority: "low"; readonly name: string },
  ) => void;
}

export function boundAnswers(client: BoundedClient, maxMs = MAX_ANSWER_MS): void {
  const bound =
    (next: Handler): Handler =>
    async (args) => {
      const result = await next(args);
      const response = result.response as { body?: unknown };
      if (response.body instanceof Readable) response.body = bounded(response.body, maxMs);
      return result;
    };
  // Nearest to the network: before anything has read the answer.
  const stack = client.middlewareStack as Stack;
  stack.add(bound, { step: "deserialize", priority: "low", name: "boundAnswers" });
}

function bounded(body: Readable, maxMs: number): Readable {
  let length = 0;
  const counter = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      length += chunk.byteLength;
      if (length <= MAX_ANSWER_BYTES) done(null, chunk);
      else done(new Error(`its answer has more than ${MAX_ANSWER_BYTES / 1024 ** 2} MB`));
    },
  });
  const timer = setTimeout(() => {
    counter.destroy(new Error(`its answer did not end within ${maxMs / 1000} s`));
  }, maxMs);
  return pipeline(body, counter, () => {
    clearTimeout(timer);
  });
}
