/**
 * @module
 * Spans: what a request took its time for. Nothing here loads OpenTelemetry; `startTracing` does.
 */
import type { SpanReference } from "./traceparent.ts";

/** Names and values of our own: no code, input, output or keys. Texts are cut to 256 characters. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface Span {
  /** What children of this span name as their parent; undefined where nothing is traced. */
  readonly reference: SpanReference | undefined;
  set(attributes: SpanAttributes): void;
  /** @param failure Of our side; its code or type is kept, not its message. Idempotent. */
  end(failure?: unknown): void;
}

export interface SpanOptions {
  readonly attributes?: SpanAttributes;
  /** Absent: a new trace. */
  readonly parent?: SpanReference | undefined;
  /** Of what went on before anybody asked for the span. Absent: it begins now. */
  readonly beganMsAgo?: number;
}

export interface Tracer {
  /** For work whose end is elsewhere; the caller ends the span. */
  begin(name: string, options?: SpanOptions): Span;
  /** Calls `work` within a span, which ends with it, by a failure where it throws. */
  span<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** Sends what is left, in at most two seconds. Idempotent. */
  close(): Promise<void>;
}

const noSpan: Span = { reference: undefined, set: () => undefined, end: () => undefined };

/** Nothing is traced. */
export const noTracer: Tracer = {
  begin: () => noSpan,
  span: (_name, _options, work) => work(noSpan),
  close: () => Promise.resolve(),
};

/** A tracer from the way to begin a span. */
export function createTracer({ begin, close }: Pick<Tracer, "begin" | "close">): Tracer {
  return {
    begin,
    close,
    span: async (name, options, work) => {
      const span = begin(name, options);
      try {
        const result = await work(span);
        span.end();
        return result;
      } catch (error) {
        span.end(error);
        throw error;
      }
    },
  };
}
