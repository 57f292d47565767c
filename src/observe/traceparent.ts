/**
 * @module
 * The header `traceparent` of W3C Trace Context (https://www.w3.org/TR/trace-context/).
 */

/** A span in whatever process. */
export interface SpanReference {
  /** 32 hexadecimal digits, not all 0. */
  readonly traceId: string;
  /** 16 hexadecimal digits, not all 0. */
  readonly spanId: string;
  /** Whether the span's owner keeps the trace; then we do, too. */
  readonly isSampled: boolean;
}

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** The one flag that has a meaning. */
export const SAMPLED = 0x01;

/** Undefined for what is malformed: a new trace begins then, as the standard says. */
export function parseTraceparent(header: string | undefined): SpanReference | undefined {
  const [, version, traceId, spanId, flags, more] = form.exec(header ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (parseInt(flags, 16) & SAMPLED) !== 0 };
}
